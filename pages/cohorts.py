"""New customers by when and how they came: who came back, what they brought, age by age."""

from crm_core.ui.cohort_parts import (
    ask,
    draw_curves,
    draw_figures,
    draw_layers,
    draw_triangle,
    known_cohorts,
)
from crm_core.ui.page import empty_state, header

asked = ask()
view = known_cohorts(asked)
header("cohorts", as_of=view.as_of)
if not view.everybody:
    empty_state("cohorts")
else:
    draw_figures(view)
    draw_triangle(view, asked)
    draw_curves(view)
    draw_layers(view)
