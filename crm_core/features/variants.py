"""Size and colour of a product, read from the end of its name: "Shirt - Dark blue - M", "Tee, Red, XL".

Shops name variants so (Shopify, WooCommerce), and no file has a column for either. Only a whole part
behind a dash, comma or slash is read: "Gaiwan White" names a pot, not a choice of colours.
"""

from __future__ import annotations

import ibis.expr.types as ir

# Without \b, which PostgreSQL reads as a backspace; the separators say where a word ends.
_BEFORE, _AFTER = r"( - | / |, ?|/)", r"( - | / |,|/|$)"
_SIZES = (
    r"(XXS|XS|S|M|L|XL|XXL|XXXL|[2-6]XL|均码|"
    r"[0-9]{1,4}([.,][0-9]{1,2})? ?(g|kg|ml|cl|l|L|mm|cm|m|oz|lb|in)|[2-6][0-9]|1[0-9]{2})"
)
_COLOURS = (
    "black|white|grey|gray|silver|gold|red|pink|orange|yellow|green|blue|navy|purple|violet|brown|"
    "beige|cream|ivory|turquoise|teal|olive|khaki|burgundy|rose|sand|anthracite|"
    "schwarz|weiß|weiss|grau|silber|rot|gelb|grün|blau|lila|braun|rosa|türkis|creme|"
    "noir|blanc|gris|argent|rouge|jaune|vert|bleu|marron|"
    "negro|blanco|rojo|amarillo|verde|azul|marrón"
)
_CHINESE = "[黑白灰红粉橙黄绿蓝紫棕金银米青]色"


def with_variants(products: ir.Table) -> ir.Table:
    """Products (with `product`, their name) with `size` and `colour`, unknown where the name tells
    none. Colours are told in small letters."""
    name = products["product"]
    size = name.re_extract(f"{_BEFORE}{_SIZES}{_AFTER}", 2)
    colour = name.lower().re_extract(
        f"{_BEFORE}(([a-z]+ )?({_COLOURS})|[深浅]?{_CHINESE}){_AFTER}", 2
    )
    return products.mutate(size=size.nullif(""), colour=colour.nullif(""))
