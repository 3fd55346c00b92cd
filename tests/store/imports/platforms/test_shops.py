"""Exports of shop platforms are known by their headers and keep their money and their people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.store.imports import Said
from tests.store.imports.conftest import Staged

Read = Callable[..., Staged]
Write = Callable[..., Path]

_SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Lineitem compare at price,Lineitem sku,Billing Name,Billing Zip,Billing Country,Billing Phone,"
    "Cancelled at,Payment Method,Refunded Amount,Vendor,Source,Phone"
)


def test_shopify_orders_fill_down_and_spread_the_discount(staged: Read, written: Write) -> None:
    path = written(
        "#1001,ann@mail.example,paid,,fulfilled,yes,EUR,27.00,4.90,0,31.90,SPRING,3.00,2026-03-01 23:30:00 +0100,2,Tea,10.00,12.00,'T-1,Ann Lee,'10115,DE,'+49301234567,,Cash,5.00,Leaf,web,",
        "#1001,ann@mail.example,,,,,,,,,,,,2026-03-01 23:30:00 +0100,1,Cup,10.00,,C-1,,,,,,,,Pot,,",
        '#1002,,pending,,,no,EUR,10.00,0,0,10.00,,0,2026-03-02 10:00:00 +0100,1,"Cup, blue",10.00,,,Bo,,DE,,,,,,pos,+49 170 1234567',
        header="\ufeff" + _SHOPIFY,
    )
    result = staged(path)
    assert result.result.format == "shopify"
    assert (result.result.quarantined, result.result.totals["net"]) == (0, 32.77)
    orders = result.rows(
        "orders",
        "order_id, status, email, phone, ordered_at::varchar, coupon_code, shipping_income::double, sales_channel",
    )
    assert orders[0][:3] == ("#1001", "completed", "ann@mail.example")
    assert orders[0][4] == "2026-03-01 22:30:00"
    assert orders[0][5:] == ("SPRING", 4.9, "web")
    assert orders[1][:4] == ("#1002", "pending", None, "+49 170 1234567")
    lines = result.rows("order_lines", "product_id, quantity, line_total::double, discount::double")
    assert lines == [("C-1", 1, 10.0, 1.0), ("Cup, blue", 1, 10.0, 0.0), ("T-1", 2, 20.0, 2.0)]
    assert result.rows("refunds", "order_id, amount::double") == [("#1001", 4.23)]
    assert result.rows("consents", "coalesce(email, phone), contact_channel, state") == [
        ("+49 170 1234567", "email", "denied"),
        ("ann@mail.example", "email", "granted"),
    ]


def test_shopify_gives_back_the_goods_share_of_what_was_refunded(
    staged: Read, written: Write
) -> None:
    def order(number: int, subtotal: str, tax: str, total: str, back: str) -> str:
        return (
            f"#{number},a{number}@mail.example,refunded,,fulfilled,no,EUR,{subtotal},5.00,{tax},{total},,0,"
            f"2026-03-01 10:00:00 +0100,1,Pot,100.00,,P,Ann,,DE,,,Cash,{back},Leaf,web,"
        )

    path = written(
        order(1, "100.00", "20.00", "125.00", "125.00"),  # in full, tax on top
        order(2, "100.00", "20.00", "125.00", "12.50"),  # a tenth
        order(3, "100.00", "16.76", "105.00", "105.00"),  # in full, tax within the prices
        order(4, "100.00", "20.00", "", "125.00"),  # no total: no more than the goods cost
        order(5, "100.00", "20.00", "125.00", "0.00"),
        header=_SHOPIFY,
    )
    result = staged(path)
    assert result.rows("refunds", "order_id, amount::double") == [
        ("#1", 100.0), ("#2", 10.0), ("#3", 100.0), ("#4", 100.0),
    ]  # fmt: skip
    assert result.result.totals["net"] == 190.0


def _shopify_again(written: Write, *created: str) -> Path:
    """A Shopify export that a spreadsheet wrote anew, with its own way of writing days."""
    rows = [
        f"#{1001 + n},ann@mail.example,paid,,fulfilled,yes,USD,10.00,0,0,10.00,,0,{day},1,Tea,10.00,"
        ",T-1,Ann Lee,10115,US,,,Cash,,Leaf,web,"
        for n, day in enumerate(created)
    ]
    return written(*rows, header=_SHOPIFY)


def test_shopify_orders_saved_by_an_american_spreadsheet_stay_in_their_month(
    staged: Read, written: Write
) -> None:
    path = _shopify_again(written, "8/1/2026 9:15", "8/2/2026 17:40", "8/13/2026 9:15")
    orders = staged(path).rows("orders", "ordered_at::varchar")
    assert orders == [("2026-08-01 09:15:00",), ("2026-08-02 17:40:00",), ("2026-08-13 09:15:00",)]


def test_shopify_orders_whose_days_may_be_months_are_asked_about(
    staged: Read, written: Write
) -> None:
    path = _shopify_again(written, "8/1/2026 9:15", "8/2/2026 17:40")
    with pytest.raises(CrmError) as asked:
        staged(path)
    assert asked.value.code == "import_ambiguous_dates"
    assert asked.value.facts["column"] == "Created at"
    for order, days in (("mdy", ["08-01", "08-02"]), ("dmy", ["01-08", "02-08"])):
        orders = staged(path, said=Said(date_order=order)).rows(
            "orders", "ordered_at::date::varchar"
        )
        assert orders == [(f"2026-{day}",) for day in days]


def test_shopify_lists_of_customers_products_stock_and_discounts(
    staged: Read, written: Write
) -> None:
    customers = written(
        "'7001,Ann,Lee,ann@mail.example,yes,Weg 1,Berlin,BE,DE,'10115,,'+49301234567,no,31.9,1",
        header="Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Address1,Default Address City,Default Address Province Code,Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders",
        name="customers_export.csv",
    )
    products = written(
        "tea,Tea,Leaf,Drinks,Size,100g,T-1,10.00,12.00,4.50,false",
        "tea,,,,,250g,T-2,20.00,,9.00,false",
        "card,Gift card,Leaf,Gifts,Title,Default Title,,25.00,,,true",
        header="Handle,Title,Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Compare At Price,Cost per item,Gift Card",
        name="products_export.csv",
    )
    stock = written(
        "tea,Tea,T-1,Store,3,0,0,5,5",
        "tea,Tea,T-1,Depot,0,0,0,7,7",
        "tea,Tea,T-2,Store,,,,not stocked,not stocked",
        header="Handle,Title,SKU,Location,Incoming,Unavailable,Committed,Available,On hand",
        name="inventory_export.csv",
    )
    codes = written(
        "SPRING,-10.0,percentage,Amount Off,order,12,Active,2026-03-01 00:00:00 +0100,",
        header="Name,Value,Value Type,Type,Discount Class,Times Used In Total,Status,Start,End",
        name="discounts_export.csv",
    )
    result = staged(customers, products, stock, codes, currency="EUR")
    assert result.result.quarantined == 0
    assert result.rows("identities", "customer_id, name, email, phone, postal_code") == [
        ("7001", "Ann Lee", "ann@mail.example", "+49301234567", "10115")
    ]
    assert result.rows("consents", "contact_channel, state") == [
        ("email", "granted"),
        ("sms", "denied"),
    ]
    assert result.rows(
        "products",
        "product_id, product_name, category, unit_cost::double, list_price::double, product_kind",
    ) == [
        ("T-1", "Tea - 100g", "Drinks", 4.5, 12.0, None),
        ("T-2", "Tea - 250g", "Drinks", 9.0, 20.0, None),
        ("card", "Gift card", "Gifts", None, 25.0, "voucher"),
    ]
    assert result.rows("stock", "product_id, on_hand, incoming") == [("T-1", 12, 3)]
    assert result.rows("coupons", "coupon_code, kind, value, starts_on::varchar") == [
        ("SPRING", "percent", 0.1, "2026-03-01")
    ]


def test_woocommerce_orders_find_their_buyer_in_the_customers_file(
    staged: Read, written: Write
) -> None:
    customers = written(
        "Ann Lee,ann,2026-03-01,2026-01-01,ann@mail.example,1,20,20,DE,Berlin,BE,10115",
        "Bo Guest,,2026-03-02,–,bo@mail.example,1,10,10,DE,Ulm,BW,89073",
        header="Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal Code",
        name="wc-customers.csv",
    )
    orders = written(
        '2026-03-01 12:00:00,100,"€1,020.00",Completed,Ann Lee,returning,"2× Tea, 1× Cup",3,SPRING,"1,020.00",Organic',
        "2026-03-02 12:00:00,101,€10.00,Processing,Bo Guest,new,1× Cup,1,,10.00,Direct",
        "2026-03-03 12:00:00,102,€10.00,Processing,Nobody Known,new,1× Cup,1,,10.00,Direct",
        header="Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,Attribution",
        name="wc-orders.csv",
    )
    result = staged(customers, orders, currency="EUR")
    assert (result.result.format, result.result.quarantined) == ("woocommerce", 0)
    assert result.rows("orders", "order_id, email, status") == [
        ("100", "ann@mail.example", "completed"), ("101", "bo@mail.example", "paid"), ("102", None, "paid"),
    ]  # fmt: skip
    assert result.result.totals["net"] == 1040.0


def test_amazon_orders_have_money_but_no_buyers(staged: Read, written: Write) -> None:
    path = written(
        "111-1\t2026-03-01T22:30:00+00:00\tShipped\tAmazon.de\tTea\tT-1\t2\tEUR\t20.00\t3.19\t4.90\t2.00\tBerlin",
        "111-1\t2026-03-01T22:30:00+00:00\tShipped\tAmazon.de\tCup\tC-1\t1\tEUR\t10.00\t1.60\t\t\tBerlin",
        "111-2\t2026-03-02T08:00:00+00:00\tCancelled\tAmazon.de\tCup\tC-1\t0\tEUR\t\t\t\t\tBerlin",
        header="amazon-order-id\tpurchase-date\torder-status\tsales-channel\tproduct-name\tsku\tquantity\tcurrency\titem-price\titem-tax\tshipping-price\titem-promotion-discount\tship-state",
        name="orders.txt",
    )
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("amazon", 0)
    assert result.result.totals["gross"] == 30.0
    assert result.result.totals["discount"] == 2.0
    assert result.result.feeds["customers"] == "no"
    assert result.result.feeds["overview"] != "no"


def test_amazon_orders_that_wait_have_no_price_yet(staged: Read, written: Write) -> None:
    path = written(
        "111-1\t2026-03-01T22:30:00+00:00\tShipped\tT-1\t2\tEUR\t20.00",
        "111-2\t2026-03-02T08:00:00+00:00\tPending\tC-1\t1\t\t",
        "111-3\t2026-03-02T08:00:00+00:00\tShipped\tC-1\t1\tEUR\t",
        header="amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\tcurrency\titem-price",
        name="orders.txt",
    )
    result = staged(path)
    # Only the shipped one without a price is not understood.
    assert result.result.reasons == {"import_missing_value": 1}
    assert result.rows("orders", "order_id, status") == [("111-1", "shipped"), ("111-2", "pending")]
    assert result.rows("order_lines", "order_id, line_total::double")[1] == ("111-2", 0.0)


def test_amazon_settlements_tell_fees_and_refunds(staged: Read, written: Write) -> None:
    rows = (
        "9\t2026-03-01\t2026-03-14\t\t30.00\tEUR\t\t\t\t\t\t\t\t\t\t",
        "9\t\t\t\t\t\tOrder\t111-1\t\tItemPrice\tPrincipal\t20.00\t2026-03-02\t2026-03-02 10:00:00 UTC\tT-1\t2",
        "9\t\t\t\t\t\tOrder\t111-1\t\tItemFees\tCommission\t-3.00\t2026-03-02\t2026-03-02 10:00:00 UTC\tT-1\t",
        "9\t\t\t\t\t\tRefund\t111-1\tA1\tItemPrice\tPrincipal\t-10.00\t2026-03-05\t2026-03-05 10:00:00 UTC\tT-1\t",
        "9\t\t\t\t\t\tRefund\t111-1\tA1\tItemFees\tCommission\t1.50\t2026-03-05\t2026-03-05 10:00:00 UTC\tT-1\t",
        "9\t\t\t\t\t\tServiceFee\t\t\tCost of Advertising\tTransactionTotalAmount\t-7.00\t2026-03-06\t2026-03-06 10:00:00 UTC\t\t",
    )
    path = written(
        *rows,
        header="settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\ttransaction-type\torder-id\tadjustment-id\tamount-type\tamount-description\tamount\tposted-date\tposted-date-time\tsku\tquantity-purchased",
        name="settlement.txt",
    )
    result = staged(path, currency="EUR")
    assert result.result.quarantined == 0
    assert result.rows("costs", "day::varchar, kind, amount::double") == [
        ("2026-03-02", "fees", 3.0), ("2026-03-05", "fees", -1.5), ("2026-03-06", "marketing", 7.0),
    ]  # fmt: skip
    assert result.rows("refunds", "order_id, amount::double") == [("111-1", 10.0)]


def test_adobe_customers_leave_secrets_behind(staged: Read, written: Write) -> None:
    path = written(
        "ann@mail.example,base,default,,2026-01-05 10:00:00,Ann,1,Lee,deadbeefhash:2,tok-1",
        header="email,_website,_store,confirmation,created_at,firstname,group_id,lastname,password_hash,rp_token",
        name="customer.csv",
    )
    result = staged(path, currency="EUR")
    assert result.result.format == "adobe_commerce"
    assert result.rows("identities", "customer_id, name, email") == [
        ("ann@mail.example@base", "Ann Lee", "ann@mail.example")
    ]
    everything = "".join(str(result.rows(table)) for table in result.result.good)
    assert "deadbeefhash" not in everything
    assert "tok-1" not in everything


def test_etsy_items_are_month_first_and_share_the_orders_shipping(
    staged: Read, written: Write
) -> None:
    items = written(
        "03/14/24,Fox,ann_one,2,3.50,,0.00,2.90,0.00,7.00,EUR,111,901,03/16/24,5000001",
        "03/14/24,Owl,ann_one,1,2.00,,0.50,2.90,0.00,1.50,EUR,112,902,03/16/24,5000001",
        header="Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Discount Amount,Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,Listing ID,Date Shipped,Order ID",
        name="EtsySoldOrderItems.csv",
    )
    orders = written(
        "03/14/24,5000001,ann_one,Ann Lee,3,EUR,9.00,2.90,11.90,Paid,0.90,11.00",
        header="Sale Date,Order ID,Buyer User ID,Full Name,Number of Items,Currency,Order Value,Shipping,Order Total,Status,Card Processing Fees,Order Net",
        name="EtsySoldOrders.csv",
    )
    result = staged(items, orders)
    assert (result.result.format, result.result.quarantined) == ("etsy", 0)
    assert result.rows(
        "orders",
        "order_id, customer_id, ordered_at::date::varchar, shipping_income::double, fees::double",
    ) == [("5000001", "ann_one", "2024-03-14", 2.9, 0.9)]
    assert result.result.totals["gross"] == 9.0
    assert result.result.totals["discount"] == 0.5


def test_online_retail_links_credit_notes_to_what_they_take_back(
    staged: Read, written: Write
) -> None:
    path = written(
        "536365,85123A,LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "536370,85123A,LANTERN,4,2010-12-03 08:26:00,2.55,17850.0,United Kingdom",
        "C536379,85123A,LANTERN,-2,2010-12-05 09:41:00,2.55,17850.0,United Kingdom",
        "C536380,22633,MITTENS,-1,2010-12-05 09:45:00,1.85,17850.0,United Kingdom",
        "536400,22633,MITTENS,1,2010-12-06 09:45:00,1.85,,France",
        header="Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
    )
    result = staged(path)
    assert result.result.format == "online_retail"
    assert result.result.currency == "GBP"
    assert result.rows("refunds", "order_id, amount::double, quantity") == [("536370", 5.1, 2)]
    assert result.result.reasons == {"import_negative_quantity": 1}
    assert result.rows("orders", "order_id, customer_id")[-1] == ("536400", None)


def test_online_retail_with_american_days_links_credit_notes_all_the_same(
    staged: Read, written: Write
) -> None:
    path = written(
        "536365,85123A,LANTERN,6,12/1/2010 8:26,2.55,17850,United Kingdom",
        "536370,85123A,LANTERN,4,12/3/2010 8:26,2.55,17850,United Kingdom",
        "C536379,85123A,LANTERN,-2,12/5/2010 9:41,2.55,17850,United Kingdom",
        "536400,22633,MITTENS,1,12/13/2010 9:45,1.85,,France",
        header="InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
    )
    result = staged(path)
    assert result.rows("refunds", "order_id, amount::double, quantity") == [("536370", 5.1, 2)]
    assert result.rows("orders", "ordered_at::date::varchar")[0] == ("2010-12-01",)
    assert result.result.quarantined == 0


def test_olist_joins_its_files_and_knows_the_person(staged: Read, written: Write) -> None:
    paths = [
        written("c1,p1,01310,sao paulo,SP", "c2,p1,01310,sao paulo,SP", header="customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state", name="customers.csv"),
        written("o1,c1,delivered,2018-01-01 23:30:00,2018-01-02 10:00:00,,2018-01-05 10:00:00,2018-01-10 00:00:00", "o2,c2,canceled,2018-02-01 10:00:00,,,,2018-02-10 00:00:00", header="order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date", name="orders.csv"),
        written("o1,1,x1,s1,2018-01-05 00:00:00,50.00,10.00", "o1,2,x1,s1,2018-01-05 00:00:00,50.00,10.00", "o2,1,x2,s1,2018-02-05 00:00:00,30.00,8.00", header="order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value", name="items.csv"),
        written("x1,beleza,1", "x2,esporte,1", header="product_id,product_category_name,product_photos_qty", name="products.csv"),
        written("beleza,beauty", header="product_category_name,product_category_name_english", name="translation.csv"),
        written("o1,1,voucher,1,20.00", "o1,2,credit_card,3,100.00", header="order_id,payment_sequential,payment_type,payment_installments,payment_value", name="payments.csv"),
        written('r1,o1,5,Bom,"Gostei muito\nmesmo",2018-01-06 00:00:00,2018-01-07 00:00:00', header="review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,review_answer_timestamp", name="reviews.csv"),
    ]  # fmt: skip
    result = staged(*paths)
    assert (result.result.format, result.result.quarantined) == ("olist", 0)
    assert result.rows("orders", "order_id, customer_id, status, payment_method, shipping_income::double") == [
        ("o1", "p1", "delivered", "credit_card", 20.0), ("o2", "p1", "cancelled", None, 8.0),
    ]  # fmt: skip
    assert result.result.totals["customers"] == 1
    assert dict(result.rows("products", "product_id, category")) == {
        "x1": "beauty",
        "x2": "esporte",
    }
    assert result.rows("reviews", "order_id, product_id, customer_id, stars, body") == [
        ("o1", "x1", "p1", 5, "Bom\nGostei muito\nmesmo")
    ]
    # Half past eleven at night in Sao Paulo is the next day in UTC, but the shop's day stays.
    assert result.rows("orders", "ordered_at::varchar")[0] == ("2018-01-02 01:30:00",)
