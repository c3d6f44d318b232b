"""Sphinx's settings for the site, whose pages docs/website.py puts together."""

project = "lvsboot"
copyright = "The lvsboot maintainers"  # noqa: A001 - Sphinx's name
extensions = ["myst_parser"]
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = "lvsboot"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
html_static_path = ["site.css"]
html_css_files = ["site.css"]
