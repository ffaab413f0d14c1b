"""`--report FILE.html`: what a command found as one page, without network and foreign scripts.

`collect` keeps graphs and comparisons while a command runs, `network` and `plots` turn them into what the page draws,
`page` writes it. page.html is its Jinja template, page.css and page.js are put into it.
"""
