/* SPDX-License-Identifier: Apache-2.0 */
/* Characters: UTF-8, simple case mapping, base letters. */
#include "amzx_expr_int.h"

apr_uint32_t amzx_ex_point(const char **s)
{
    const unsigned char *u = (const unsigned char *)*s;

    if (u[0] < 0x80) {
        *s += 1;
        return u[0];
    }
    if (u[0] < 0xE0) {
        *s += 2;
        return (apr_uint32_t)(u[0] & 0x1F) << 6 | (u[1] & 0x3F);
    }
    if (u[0] < 0xF0) {
        *s += 3;
        return (apr_uint32_t)(u[0] & 0x0F) << 12
               | (apr_uint32_t)(u[1] & 0x3F) << 6 | (u[2] & 0x3F);
    }
    *s += 4;
    return (apr_uint32_t)(u[0] & 0x07) << 18
           | (apr_uint32_t)(u[1] & 0x3F) << 12
           | (apr_uint32_t)(u[2] & 0x3F) << 6 | (u[3] & 0x3F);
}

int amzx_ex_put_point(char *out, apr_uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xE0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

/* Capitals and what to add for the small letter. With `step` 2 capitals and
 * small letters take turns, beginning with a capital. */
static const struct {
    apr_uint32_t first;
    apr_uint32_t last;
    int add;
    apr_uint32_t step;
} capitals[] = {
    {0x0041, 0x005A, 32, 1},
    {0x00C0, 0x00D6, 32, 1},
    {0x00D8, 0x00DE, 32, 1},
    {0x0100, 0x012E, 1, 2},
    {0x0132, 0x0136, 1, 2},
    {0x0139, 0x0147, 1, 2},
    {0x014A, 0x0176, 1, 2},
    {0x0178, 0x0178, -121, 1},
    {0x0179, 0x017D, 1, 2},
    {0x0386, 0x0386, 38, 1},
    {0x0388, 0x038A, 37, 1},
    {0x038C, 0x038C, 64, 1},
    {0x038E, 0x038F, 63, 1},
    {0x0391, 0x03A1, 32, 1},
    {0x03A3, 0x03AB, 32, 1},
    {0x0400, 0x040F, 80, 1},
    {0x0410, 0x042F, 32, 1},
    {0x0460, 0x0480, 1, 2},
    {0x048A, 0x04BE, 1, 2},
    {0x04C0, 0x04C0, 15, 1},
    {0x04C1, 0x04CD, 1, 2},
    {0x04D0, 0x052E, 1, 2},
};

#define CAPITALS (sizeof capitals / sizeof *capitals)

apr_uint32_t amzx_ex_lower(apr_uint32_t point)
{
    apr_size_t i;

    if (point < 0x80) {
        return point >= 'A' && point <= 'Z' ? point + 32 : point;
    }
    if (point == 0x130) { /* I with a dot has no small letter of its own */
        return 'i';
    }
    for (i = 1; i < CAPITALS && point >= capitals[i].first; ++i) {
        if (point <= capitals[i].last
            && (point - capitals[i].first) % capitals[i].step == 0) {
            return (apr_uint32_t)((apr_int32_t)point + capitals[i].add);
        }
    }
    return point;
}

apr_uint32_t amzx_ex_upper(apr_uint32_t point)
{
    apr_size_t i;

    if (point < 0x80) {
        return point >= 'a' && point <= 'z' ? point - 32 : point;
    }
    switch (point) {
    case 0xB5: return 0x39C;  /* micro sign */
    case 0x131: return 'I';   /* i without a dot */
    case 0x17F: return 'S';   /* long s */
    case 0x3C2: return 0x3A3; /* final sigma */
    default: break;
    }
    for (i = 1; i < CAPITALS; ++i) {
        apr_uint32_t capital = (apr_uint32_t)((apr_int32_t)point
                                              - capitals[i].add);

        if (capital >= capitals[i].first && capital <= capitals[i].last
            && (capital - capitals[i].first) % capitals[i].step == 0) {
            return capital;
        }
    }
    return point;
}

/* From U+00DF to U+017F; '.' where the letter stays as it is. */
static const char base_letters[] =
    "s"                                /* DF */
    "aaaaaaaceeeeiiii"                 /* E0 */
    "dnooooo.ouuuuyty"                 /* F0 */
    ".a.a.a.c.c.c.c.d"                 /* 100 */
    ".d.e.e.e.e.e.g.g"                 /* 110 */
    ".g.g.h.h.i.i.i.i"                 /* 120 */
    ".i.i.j.kk.l.l.l."                 /* 130 */
    "l.l.n.n.nnnn.o.o"                 /* 140 */
    ".o.o.r.r.r.s.s.s"                 /* 150 */
    ".s.t.t.t.u.u.u.u"                 /* 160 */
    ".u.u.w.y..z.z.zs";                /* 170 */

apr_uint32_t amzx_ex_base_letter(apr_uint32_t point)
{
    unsigned char base;

    if (point < 0xDF || point > 0x17F) {
        return point;
    }
    base = (unsigned char)base_letters[point - 0xDF];
    return base == '.' ? point : base;
}

int amzx_ex_is_wordy(apr_uint32_t point)
{
    if (point < 0x80) {
        return (point >= '0' && point <= '9') || (point >= 'a' && point <= 'z')
               || (point >= 'A' && point <= 'Z');
    }
    if (point < 0xC0) {
        return point == 0xAA || point == 0xB5 || point == 0xBA;
    }
    /* signs, punctuation and blanks of other blocks */
    return point != 0xD7 && point != 0xF7
           && !(point >= 0x2000 && point <= 0x2BFF)
           && !(point >= 0x3000 && point <= 0x3004)
           && !(point >= 0x3008 && point <= 0x3020) && point != 0xFEFF
           && !(point >= 0xFE00 && point <= 0xFE0F) && point < 0x1F000;
}
