#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random decimal operations with the results that Python's own decimal and
fractions modules give, one per line, for tests/unit/test_dec_oracle.c.

usage: decimals.py SEED COUNT

A line is: the operation, its operands, the result, all separated by a tab.
"range" stands for a result of more than 38 digits, "bad" for an operation
that is not defined."""
import decimal
import fractions
import math
import random
import re
import sys

LIMIT = 10 ** 38
MODES = ("half-up", "half-even", "half-down", "down", "up", "floor",
         "ceiling")
ROUNDING = dict(zip(MODES, (
    decimal.ROUND_HALF_UP, decimal.ROUND_HALF_EVEN, decimal.ROUND_HALF_DOWN,
    decimal.ROUND_DOWN, decimal.ROUND_UP, decimal.ROUND_FLOOR,
    decimal.ROUND_CEILING)))
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z",
                    re.ASCII)

# Wide enough that nothing here is ever rounded: a trap says so if it is.
exact = decimal.Context(prec=400, Emax=99999, Emin=-99999,
                        traps=[decimal.Inexact, decimal.InvalidOperation])
decimal.setcontext(exact)
rounding = exact.copy()
rounding.traps[decimal.Inexact] = False

rng = random.Random()


def make(coef, scale):
    return decimal.Decimal(coef).scaleb(-scale)


def plain(value):
    """Text at the value's own scale."""
    return format(value + 0 if value else abs(value), "f")


def canon(value):
    """Shortest text, or "range"."""
    sign, digits, exponent = value.as_tuple()
    coef = int("".join(map(str, digits)))
    if coef == 0:
        return "0"
    while coef % 10 == 0 and exponent < 0:
        coef //= 10
        exponent += 1
    if exponent > 0:
        coef *= 10 ** exponent
        exponent = 0
    if coef >= LIMIT or exponent < -38:
        return "range"
    return format(make(-coef if sign else coef, -exponent), "f")


def at_scale(value, scale):
    """Text of a value that has exactly this scale, or "range"."""
    if abs(int(value.scaleb(scale))) >= LIMIT:
        return "range"
    text = format(value, "f")
    return text[1:] if text[0] == "-" and not value else text


def coefficient():
    kind = rng.random()
    if kind < 0.45:
        return rng.randrange(-10 ** rng.randrange(1, 9),
                             10 ** rng.randrange(1, 9))
    if kind < 0.60:
        return rng.randrange(-10 ** 19, 10 ** 19)
    if kind < 0.80:
        digits = rng.randrange(1, 39)
        return rng.choice((-1, 1)) * rng.randrange(10 ** digits)
    if kind < 0.90:
        near = rng.choice((10 ** rng.randrange(39), 2 ** rng.randrange(1, 127),
                           5 * 10 ** rng.randrange(38)))
        near += rng.randrange(-2, 3)
        return rng.choice((-1, 1)) * min(abs(near), LIMIT - 1)
    if kind < 0.98:
        zeros = rng.randrange(0, 37)
        return rng.choice((-1, 1)) * (rng.randrange(100) * 10 ** zeros)
    return 0


def operand():
    scale = rng.choice((0, 0, 1, 2, 2, 2, 3, 4, 6, 8, 18, 19,
                        rng.randrange(39)))
    return make(coefficient(), scale)


def divided(a, b, scale, mode):
    """a / b rounded once, from the exact fraction."""
    ratio = fractions.Fraction(a) / fractions.Fraction(b) * 10 ** scale
    down = math.floor(ratio)
    rest = ratio - down
    if rest and mode not in ("floor", "ceiling"):
        away = mode == "up"
        if mode.startswith("half"):
            half = fractions.Fraction(1, 2)
            size = rest if ratio > 0 else 1 - rest
            inner = down if ratio > 0 else down + 1
            away = size > half or (size == half and (
                mode == "half-up" or (mode == "half-even" and inner % 2)))
        down += (1 if away else 0) if ratio > 0 else (0 if away else 1)
    elif rest and mode == "ceiling":
        down += 1
    return make(down, scale)


def op_add():
    a, b = operand(), operand()
    if rng.random() < 0.1:
        b = -a + make(rng.randrange(-9, 10), rng.randrange(39))
        if canon(b) == "range":
            b = -a
    return "add", plain(a), plain(b), canon(a + b)


def op_sub():
    a, b = operand(), operand()
    return "sub", plain(a), plain(b), canon(a - b)


def op_mul():
    a, b = operand(), operand()
    return "mul", plain(a), plain(b), canon(a * b)


def op_div():
    a, b = operand(), operand()
    if not b:
        return "div", plain(a), plain(b), "bad"
    return "div", plain(a), plain(b), canon(divided(a, b, 18, "half-even"))


def op_div_round():
    a, b = operand(), operand()
    mode, scale = rng.choice(MODES), rng.choice((0, 2, 4, rng.randrange(39)))
    if rng.random() < 0.2 and b:
        # Ties: an odd number of halves of the last digit.
        a = b * make(rng.randrange(-10 ** 6, 10 ** 6) * 10 + 5, scale + 1)
        if canon(a) == "range" or scale == 38:
            a = b
    if not b:
        result = "bad"
    else:
        result = at_scale(divided(a, b, scale, mode), scale)
    return "div_round", plain_or_canon(a), plain(b), str(scale), mode, result


def plain_or_canon(value):
    """An operand that was computed may be too long at its own scale."""
    if -value.as_tuple().exponent > 38 or len(value.as_tuple().digits) > 38:
        return canon(value)
    return plain(value)


def op_mod():
    a, b = operand(), operand()
    if not b:
        return "mod", plain(a), plain(b), "bad"
    x, y = fractions.Fraction(a), fractions.Fraction(b)
    rest = abs(x) % abs(y)
    scale = max(-a.as_tuple().exponent, -b.as_tuple().exponent)
    coef = int(rest * 10 ** scale)
    return "mod", plain(a), plain(b), canon(make(-coef if a < 0 else coef,
                                                 scale))


def op_round():
    a, mode = operand(), rng.choice(MODES)
    scale = rng.choice((0, 2, 2, 4, rng.randrange(39)))
    if rng.random() < 0.3 and scale < 38:
        a = make(rng.randrange(-10 ** 12, 10 ** 12) * 10 + 5, scale + 1)
    value = a.quantize(decimal.Decimal(1).scaleb(-scale),
                       rounding=ROUNDING[mode], context=rounding)
    return "round", plain(a), str(scale), mode, at_scale(value, scale)


def op_cmp():
    a, b = operand(), operand()
    if rng.random() < 0.3:
        b = a.normalize()
        if b.as_tuple().exponent > 0:
            b = b.quantize(decimal.Decimal(1))
    return "cmp", plain(a), plain(b), str((a > b) - (a < b))


def number_text():
    text = str(abs(coefficient()))
    if rng.random() < 0.6:
        text += "." + str(rng.randrange(10 ** rng.randrange(1, 30))).zfill(
            rng.randrange(1, 12)) + "0" * rng.choice((0, 0, 1, 2, 40))
    if rng.random() < 0.3:
        text += rng.choice("eE") + rng.choice(("", "+", "-")) + str(
            rng.choice((0, 1, 2, 7, 20, 37, 38, 39, 60, 999999999999)))
    if rng.random() < 0.4:
        text = "-" + text
    if rng.random() < 0.15:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(("", "0", ".", "-", "e", "+", " ", "x",
                                       "5")) + text[at + rng.randrange(2):]
    return text


def op_parse():
    text = number_text()
    match = NUMBER.match(text)
    if not match:
        return "parse", text, "bad"
    if match.group(3) and abs(int(match.group(3)[1:])) > 2000:
        digits = re.sub(r"[eE].*", "", text)
        return "parse", text, "range" if re.search("[1-9]", digits) else "0"
    return "parse", text, canon(decimal.Decimal(text))


def op_print():
    a = operand()
    return "print", plain(a), plain(a)


def op_allocate():
    scale = rng.choice((0, 2, 2, 3))
    total = make(rng.randrange(-10 ** rng.randrange(1, 12),
                               10 ** rng.randrange(1, 12)), scale)
    weights = [make(rng.randrange(10 ** rng.randrange(1, 8)),
                    rng.randrange(4)) for _ in range(rng.randrange(1, 8))]
    if rng.random() < 0.3:
        weights = [weights[0]] * len(weights)
    fields = ["allocate", plain(total), str(scale), str(len(weights))]
    fields += [plain(w) for w in weights]
    whole = sum(fractions.Fraction(w) for w in weights)
    if not whole:
        return fields + ["bad"]
    units = abs(int(total.scaleb(scale)))
    quotas = [units * fractions.Fraction(w) / whole for w in weights]
    parts = [math.floor(q) for q in quotas]
    order = sorted(range(len(parts)), key=lambda i: parts[i] - quotas[i])
    for i in order[:units - sum(parts)]:
        parts[i] += 1
    sign = -1 if total < 0 else 1
    return fields + [at_scale(make(sign * part, scale), scale)
                     for part in parts]


OPERATIONS = (op_add, op_add, op_sub, op_mul, op_mul, op_div, op_div_round,
              op_mod, op_round, op_round, op_cmp, op_parse, op_print,
              op_allocate)


def main():
    rng.seed(int(sys.argv[1]))
    left = int(sys.argv[2])
    while left > 0:
        batch = min(left, 5000)
        sys.stdout.write("".join(
            "\t".join(rng.choice(OPERATIONS)()) + "\n"
            for _ in range(batch)))
        left -= batch


main()
