"""The tables of a small WooCommerce shop, made as WooCommerce makes them."""

from __future__ import annotations

from sqlalchemy import Engine, text

_TABLES = """
create table wp_posts (ID bigint primary key, post_title text, post_type varchar(20), post_status varchar(20),
  post_parent bigint default 0, post_modified_gmt datetime);
create table wp_postmeta (meta_id bigint primary key auto_increment, post_id bigint, meta_key varchar(255), meta_value longtext);
create table wp_terms (term_id bigint primary key, name varchar(200));
create table wp_term_taxonomy (term_taxonomy_id bigint primary key, term_id bigint, taxonomy varchar(32));
create table wp_term_relationships (object_id bigint, term_taxonomy_id bigint);
create table wp_wc_customer_lookup (customer_id bigint primary key, user_id bigint, username varchar(60), first_name varchar(255),
  last_name varchar(255), email varchar(100), date_last_active timestamp null, date_registered timestamp null,
  country char(2), postcode varchar(20), city varchar(100), state varchar(100));
create table wp_wc_orders (id bigint primary key, status varchar(20), currency varchar(10), type varchar(20), tax_amount decimal(26,8),
  total_amount decimal(26,8), customer_id bigint, billing_email varchar(320), date_created_gmt datetime, date_updated_gmt datetime,
  parent_order_id bigint, payment_method varchar(100));
create table wp_wc_orders_meta (id bigint primary key auto_increment, order_id bigint, meta_key varchar(255), meta_value text);
create table wp_wc_order_addresses (id bigint primary key auto_increment, order_id bigint, address_type varchar(20), first_name text,
  last_name text, company text, address_1 text, address_2 text, city text, state text, postcode text, country text,
  email varchar(320), phone varchar(100));
create table wp_wc_order_operational_data (id bigint primary key auto_increment, order_id bigint, shipping_total_amount decimal(26,8));
create table wp_wc_order_stats (order_id bigint primary key, parent_id bigint, date_created datetime, net_total double, status varchar(20));
create table wp_wc_order_product_lookup (order_item_id bigint primary key, order_id bigint, product_id bigint, variation_id bigint,
  customer_id bigint, date_created datetime, product_qty int, product_net_revenue double, product_gross_revenue double,
  coupon_amount double, tax_amount double);
create table wp_woocommerce_order_items (order_item_id bigint primary key, order_item_name text, order_item_type varchar(200), order_id bigint)
"""

_ROWS = """
insert into wp_posts values (10, '绿茶 500g', 'product', 'publish', 0, '2026-01-01 08:00:00'),
  (11, 'Tasse "groß"', 'product', 'publish', 0, '2026-01-01 08:00:00');
insert into wp_postmeta (post_id, meta_key, meta_value) values (10, '_regular_price', '12.50'), (11, '_cogs_total_value', '4');
insert into wp_terms values (1, 'Tea'), (2, 'Cups');
insert into wp_term_taxonomy values (1, 1, 'product_cat'), (2, 2, 'product_cat');
insert into wp_term_relationships values (10, 1), (11, 2);
insert into wp_wc_customer_lookup values
  (1, 5, 'ann', 'Ann', 'Lee', 'ann@mail.example', '2026-03-02 10:00:00', '2026-01-05 10:00:00', 'DE', '10115', 'Berlin', 'BE'),
  (2, null, null, 'Bo', 'Guest', 'bo@mail.example', '2026-03-01 23:30:00', null, 'DE', '80331', 'Muenchen', 'BY');
insert into wp_wc_orders values
  (100, 'wc-completed', 'EUR', 'shop_order', 0, 37, 5, 'ann@mail.example', '2026-02-01 23:30:00', '2026-02-03 08:00:00', 0, 'stripe'),
  (101, 'wc-processing', 'EUR', 'shop_order', 0, 14, 0, 'bo@mail.example', '2026-03-01 10:00:00', '2026-03-01 10:05:00', 0, 'paypal'),
  (102, 'wc-completed', 'EUR', 'shop_order_refund', 0, -10, 0, null, '2026-03-02 09:00:00', '2026-03-02 09:00:00', 100, null);
insert into wp_wc_order_addresses (order_id, address_type, first_name, last_name, address_1, city, state, postcode, country, phone) values
  (100, 'billing', 'Ann', 'Lee', 'Weg 1', 'Berlin', 'BE', '10115', 'DE', '+49 30 1234567'),
  (101, 'billing', 'Bo', 'Guest', 'Platz 2', 'Muenchen', 'BY', '80331', 'DE', '');
insert into wp_wc_order_operational_data (order_id, shipping_total_amount) values (100, 4.9), (101, 4);
insert into wp_wc_order_stats values (100, 0, '2026-02-02 00:30:00', 32.5, 'wc-completed'), (101, 0, '2026-03-01 11:00:00', 10, 'wc-processing'),
  (102, 100, '2026-03-02 10:00:00', -10, 'wc-completed');
insert into wp_woocommerce_order_items values (1, '绿茶 500g', 'line_item', 100), (2, 'Tasse "groß"', 'line_item', 100),
  (3, 'SPRING', 'coupon', 100), (4, 'Tasse "groß"', 'line_item', 101);
insert into wp_wc_order_product_lookup values (1, 100, 10, 0, 1, '2026-02-02 00:30:00', 2, 22.5, 22.5, 2.5, 0),
  (2, 100, 11, 0, 1, '2026-02-02 00:30:00', 1, 10, 10, 0, 0), (4, 101, 11, 0, 2, '2026-03-01 11:00:00', 1, 10, 10, 0, 0)
"""


def fill(owner: Engine) -> None:
    """The shop as it stands at first: two orders and a refund."""
    run(owner, _TABLES)
    run(owner, _ROWS)


def run(owner: Engine, statements: str) -> None:
    """Runs statements that are parted by semicolons."""
    with owner.begin() as connection:
        for statement in statements.split(";"):
            connection.execute(text(statement))
