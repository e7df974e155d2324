"""The pages about runs: home, the table, one run, comparisons, search, SQL. See docs/internals/pages.md."""

from __future__ import annotations

from gnomon.page import Page

_HERE = "gnomon.runs.pages"
PAGES = (
    Page("/", f"{_HERE}.home:home", "Home", nav=10, key="h"),
    Page("/palette", f"{_HERE}.home:palette"),
    # --- the table (runs/pages/table.py) and its saved views
    Page("/runs", f"{_HERE}.table:table", "Runs", nav=20, key="r"),
    Page("/runs/tag", f"{_HERE}.table:tag", method="POST"),
    Page("/runs/hide", f"{_HERE}.table:hide", method="POST"),
    Page("/runs/restore", f"{_HERE}.table:restore", method="POST"),
    Page("/runs/views", f"{_HERE}.views_page:save", method="POST"),
    Page("/runs/views/remove", f"{_HERE}.views_page:remove", method="POST"),
    # --- one run (runs/pages/run.py)
    Page("/run/{run}", f"{_HERE}.run:overview", "Run"),
    Page("/run/{run}/charts", f"{_HERE}.run_charts:charts", "Charts of a run"),
    Page("/run/{run}/console", f"{_HERE}.run_console:console", "Console of a run"),
    Page("/run/{run}/code", f"{_HERE}.run_code:code", "Code of a run"),
    Page("/run/{run}/code/diff", f"{_HERE}.run_code:diff"),
    Page("/run/{run}/files", f"{_HERE}.run_files:files", "Files of a run"),
    Page("/run/{run}/media", f"{_HERE}.run_media:media", "Media of a run"),
    Page("/run/{run}/media/points", f"{_HERE}.run_media:points"),
    Page("/run/{run}/system", f"{_HERE}.run_charts:system", "System of a run"),
    Page("/run/{run}/notebook", f"{_HERE}.run_notebook:notebook", "Notebook of a run"),
    Page("/run/{run}/lineage", f"{_HERE}.run_lineage:lineage", "Lineage of a run"),
    Page("/run/{run}/note", f"{_HERE}.run_changes:add_note", method="POST"),
    Page("/run/{run}/note/edit", f"{_HERE}.run_changes:edit_note", method="POST"),
    Page("/run/{run}/tags", f"{_HERE}.run_changes:tags", method="POST"),
    Page("/run/{run}/name", f"{_HERE}.run_changes:name", method="POST"),
    Page("/run/{run}/hide", f"{_HERE}.run_changes:hide", method="POST"),
    Page("/run/{run}/restore", f"{_HERE}.run_changes:restore", method="POST"),
    Page("/runs/archive", f"{_HERE}.archiving:archive"),
    Page("/compare", f"{_HERE}.curves:compare", "Compare", nav=30, key="c"),
    Page("/chart", f"{_HERE}.curves:chart"),
    Page("/compare/differences", f"{_HERE}.differences:differences"),
    Page("/compare/patch", f"{_HERE}.differences:patch"),
    Page("/compare/groups", f"{_HERE}.group_contest:groups"),
    Page("/compare/media", f"{_HERE}.media:media"),
    # --- comparisons: curves, differences, groups, media; parallel, scatter, importance
    Page("/compare/parallel", f"{_HERE}.parallel:parallel"),
    Page("/compare/scatter", f"{_HERE}.scatter:scatter"),
    Page("/compare/columns", f"{_HERE}.many_rows:columns"),
    Page("/compare/importance", f"{_HERE}.importance_page:importance"),
    # --- sweeps
    Page("/sweeps", f"{_HERE}.sweeps_page:sweeps", "Sweeps", nav=35, key="w"),
    Page("/sweep/{sweep}", f"{_HERE}.sweeps_page:sweep", "A sweep"),
    # --- search, SQL
    Page("/search", f"{_HERE}.search_page:search", "Search", nav=60, key="s"),
    Page("/sql", f"{_HERE}.sql_page:sql", "SQL", nav=70, key="q"),
    Page("/sql/download", f"{_HERE}.sql_page:download"),
    Page("/sql/stop", f"{_HERE}.sql_page:stop", method="POST"),
)
