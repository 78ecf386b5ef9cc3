"""The stack of ${name}: the kit, and what else the app needs."""

from evenkeel import Kit

kit = Kit()
# Resources of your own go here: give each `opts=kit.options`, and a name that begins with `kit.name`.
kit.serve()
