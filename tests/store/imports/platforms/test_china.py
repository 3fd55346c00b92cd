"""Exports of Chinese platforms: their encodings, tabs and sentences for states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.store.imports.conftest import Staged

Read = Callable[..., Staged]


def gbk(path: Path, *rows: str) -> Path:
    path.write_bytes(("\r\n".join(rows) + "\r\n").encode("gb18030"))
    return path


_LIST = "订单编号,买家会员名,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,收货人姓名,收货地址 ,联系电话 ,联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝总数量,店铺名称,退款金额"
_DETAILS = "订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码"


def test_taobao_lists_and_details_are_one_order(staged: Read, tmp_path: Path) -> None:
    orders = gbk(
        tmp_path / "ExportOrderList.csv",
        _LIST,
        '="1001",小明,25.00,5.00,30.00,30.00,交易成功,王明,广东省 深圳市 南山区 科技路1号 (518000),,\'18618486065,2026-03-01 23:30:00,2026-03-01 23:31:00,绿茶,3,茶铺,5.00',
        '="1002",小红,10.00,0.00,10.00,0.00,等待买家付款,李红,上海 上海市 黄浦区 路2号 (200000),,,2026-03-02 10:00:00,,杯子,1,茶铺,0.00',
    )
    details = gbk(
        tmp_path / "ExportOrderDetailList.csv",
        _DETAILS,
        '="1001",绿茶 100克,10.00,2,T-1,规格:100克,,,交易成功,T-1',
        '="1001",杯子,10.00,1,C-1,,,,交易成功,C-1',
        '="1002",杯子,10.00,1,C-1,,,,等待买家付款,C-1',
    )
    result = staged(details, orders)
    assert (result.result.format, result.result.quarantined) == ("taobao", 0)
    assert (result.result.currency, result.result.timezone) == ("CNY", "Asia/Shanghai")
    assert result.rows(
        "orders", "order_id, customer_id, status, ordered_at::varchar, shipping_income::double"
    ) == [
        ("1001", "小明", "completed", "2026-03-01 15:30:00", 5.0),
        ("1002", "小红", "pending", "2026-03-02 02:00:00", 0.0),
    ]
    assert result.rows("order_lines", "order_id, product_id, quantity, line_total::double, discount::double") == [
        ("1001", "C-1", 1, 10.0, 1.67), ("1001", "T-1", 2, 20.0, 3.33), ("1002", "C-1", 1, 10.0, 0.0),
    ]  # fmt: skip
    assert result.rows("refunds", "order_id, amount::double") == [("1001", 5.0)]
    assert result.rows("identities", "customer_id, name, phone")[0] == (
        "小明",
        "王明",
        "18618486065",
    )


def test_the_taobao_list_alone_keeps_its_revenue(staged: Read, tmp_path: Path) -> None:
    orders = gbk(
        tmp_path / "list.csv",
        _LIST,
        "1001,小明,25.00,5.00,30.00,30.00,交易成功,王明,广东省 深圳市 x,,,2026-03-01 23:30:00,,绿茶,3,茶铺,0",
    )
    result = staged(orders)
    assert result.result.totals["gross"] == 25.0
    assert result.rows("order_lines", "product_id") == [("绿茶",)]


def test_pinduoduo_has_no_buyers_and_states_in_sentences(staged: Read, tmp_path: Path) -> None:
    path = tmp_path / "pdd.csv"
    path.write_text(
        "\ufeff订单成交时间,商品,订单号,订单状态,商品总价(元),邮费(元),店铺优惠折扣(元),平台优惠折扣(元),用户实付金额(元),商家实收金额(元),商品数量(件),确认收货时间,商品id,商品规格,售后状态\n"
        "2026-03-01 10:00:00,绿茶,P-1,已收货,20.00,0.00,2.00,1.00,17.00,18.00,2,2026-03-05 10:00:00,77,100克,无售后或售后取消\n"
        "2026-03-02 10:00:00,绿茶,P-2,已取消,10.00,0.00,0.00,0.00,10.00,10.00,1,\t,77,100克,退款成功\n",
        encoding="utf-8",
    )
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("pinduoduo", 0)
    assert result.rows("orders", "order_id, status") == [("P-1", "completed"), ("P-2", "cancelled")]
    assert result.result.totals["discount"] == 2.0
    assert result.result.feeds["customers"] == "no"


def test_douyin_cells_begin_with_tabs_and_masks_are_nobody(staged: Read, tmp_path: Path) -> None:
    path = tmp_path / "douyin.csv"
    path.write_text(
        "\ufeff主订单编号,子订单编号,选购商品,商品规格,商品数量,商家编码,商品金额,收件人,收件人手机号,订单提交时间,订单状态\n"
        "\tD1,\tD1-1,绿茶,-,2,T-1,20.00,王*,138****1234,2026-03-01 10:00:00,已完成\n"
        "\tD1,\tD1-2,杯子,蓝,1,-,10.00,王*,138****1234,2026-03-01 10:00:00,已完成\n",
        encoding="utf-8",
    )
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("douyin", 0)
    assert result.rows("orders", "order_id, phone, status") == [("D1", None, "completed")]
    assert result.rows("order_lines", "line_id, product_id") == [("D1-1", "T-1"), ("D1-2", "杯子")]
    assert result.result.totals["customers"] == 0


def test_jd_knows_its_buyers_by_account(staged: Read, tmp_path: Path) -> None:
    path = gbk(
        tmp_path / "jd.csv",
        "订单号,商品名称,订购数量,下单时间,应付金额,下单帐号,客户姓名,客户地址,联系电话,店铺名称",
        "9001,绿茶,2,2026-03-01 10:00:00,20.00,jd_ann,王明,北京 路1号,13812341234,茶铺",
    )
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("jd", 0)
    assert result.rows("orders", "order_id, customer_id") == [("9001", "jd_ann")]
    assert result.result.totals["net"] == 20.0


def test_jd_takes_the_amount_of_an_order_once(staged: Read, tmp_path: Path) -> None:
    path = gbk(
        tmp_path / "jd.csv",
        "订单号,商品ID,商品名称,订购数量,下单时间,京东价,应付金额,下单帐号,客户姓名,联系电话,订单状态",
        "1,a,绿茶,1,2026-03-01 10:00:00,20.00,45.00,ann,王明,13812341234,完成",  # 50 less 5 off
        "1,b,杯子,2,2026-03-01 10:00:00,15.00,45.00,ann,王明,13812341234,完成",
        "2,a,绿茶,1,2026-03-02 10:00:00,20.00,20.00,bo,李*,138****5678,等待出库",  # equal prices
        "2,c,红茶,1,2026-03-02 10:00:00,20.00,20.00,bo,李*,138****5678,等待出库",
        "3,a,绿茶,1,2026-03-03 10:00:00,,30.00,cy,张三,13812341235,(删除)等待出库",
        "3,b,杯子,2,2026-03-03 10:00:00,,30.00,cy,张三,13812341235,(删除)等待出库",
    )
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("jd", 0)
    assert result.rows("order_lines", "order_id, product_id, line_total::double") == [
        ("1", "a", 18.0), ("1", "b", 27.0), ("2", "a", 20.0), ("2", "c", 20.0),
        ("3", "a", 10.0), ("3", "b", 20.0),
    ]  # fmt: skip
    assert result.rows("orders", "order_id, status, phone, whole") == [
        ("1", "completed", "13812341234", True),
        ("2", "paid", None, True),
        ("3", "cancelled", "13812341235", True),
    ]
    # Without prices one cannot be sure of it: it is told.
    spread = [f for f in result.result.bill.findings if f.code == "import_order_amount_spread"]
    assert [(each.severity, each.count) for each in spread] == [("warn", 1)]
    assert result.rows("identities", "customer_id, name") == [("ann", "王明"), ("cy", "张三")]
