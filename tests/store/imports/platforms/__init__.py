"""Small files in the forms that platforms export, made by hand, and what must come of them."""
