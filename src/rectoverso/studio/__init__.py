"""The pages: everything that the API does, for people who will never open a terminal.

    app.py       the studio beside the service, over one home
    page.py      what a page is shown in: language, scheme, who looks, where else they may go
    door.py      signing in and out, and who a page is for
    static.py    style, scripts and pictures of the studio itself, under addresses that never change their content
    pages/       one module a page: its routes, and its place in the navigation
    templates/   what they look like
    static/      one style, and small modules

How to add one: ADR 0034.
"""
