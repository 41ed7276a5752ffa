# Bench programs: tests/bench/bench_x from tests/bench/bench_x.c.
bench_programs = \
    tests/bench/bench_base \
    tests/bench/bench_expr \
    tests/bench/bench_http \
    tests/bench/bench_load \
    tests/bench/bench_store \
    tests/bench/mock_peer
