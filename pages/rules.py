"""The rule book: who is offered what, in which order; one rule written, checked and tried."""

from crm_core.ui.page import columns, current, empty_state, header, panel, part, show
from crm_core.ui.rules_book import draw_book, draw_caps
from crm_core.ui.rules_form import draw_form
from crm_core.ui.rules_history import draw_file, draw_history
from crm_core.views.rules import can_rule, rules

session = current()
header("offer_rules")
if not show(can_rule, session.selection):
    empty_state("offer_rules", page="imports", action_key="offer_rules.to_imports")
else:
    book = session.records.offer_book()
    with panel("offer_rules.book", help_key="offer_rules.book_about"), part():
        draw_book(book, show(rules, session.selection, book=book))
    draw_form(book)
    left, right = columns(3, 2)
    with left, panel("offer_rules.history", help_key="offer_rules.history_about"), part():
        draw_history(book)
    with right:
        with panel("offer_rules.caps", help_key="offer_rules.caps_about"), part():
            draw_caps(book)
        with panel("offer_rules.file", help_key="offer_rules.file_about"), part():
            draw_file(book)
