"""The forms of PostgreSQL's CREATE INDEX page: its examples, its synopsis, its methods and their parameters.

`{}` in a form is the index's name, which is the form's own.
"""

from __future__ import annotations

TABLES = """\
CREATE TABLE films (
  code char(5), title varchar(40) NOT NULL, did integer, rating numeric, director text, kind text,
  length interval, released date, made timestamptz, tags text[], data jsonb, words tsvector, sold int8
);
INSERT INTO films SELECT n, 'title ' || n, n, n % 7, 'director ' || n % 3, n % 5, n * interval '1 min',
  date '2000-01-01' + n, now(), ARRAY[n::text], jsonb_build_object('n', n), to_tsvector('title ' || n), n
  FROM generate_series(1, 200) n;
CREATE TABLE documents_table (locations int[], isbn text);
CREATE TABLE points (location point, area box, zone polygon, ring circle, during tstzrange, host inet);
CREATE TABLE sales_table (quantity int);
CREATE TABLE "odd "" names" ("index" int, "on" int, "a;b" text);
CREATE UNLOGGED TABLE unlogged (a int);
CREATE MATERIALIZED VIEW ratings AS SELECT director, avg(rating) AS rating FROM films GROUP BY director;
CREATE TABLE by_range (id int, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE by_range_old PARTITION OF by_range FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE by_range_new PARTITION OF by_range FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
INSERT INTO by_range SELECT n, date '2019-12-01' + n, 'note ' || n FROM generate_series(1, 60) n;
CREATE TABLE by_list (id int, region text, note text) PARTITION BY LIST (region);
CREATE TABLE by_list_eu PARTITION OF by_list FOR VALUES IN ('eu');
CREATE TABLE by_list_rest PARTITION OF by_list DEFAULT;
CREATE TABLE by_hash (id int, note text) PARTITION BY HASH (id);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE two_levels (id int, at date, region text) PARTITION BY RANGE (at);
CREATE TABLE two_levels_old PARTITION OF two_levels FOR VALUES FROM (MINVALUE) TO ('2020-01-01')
  PARTITION BY LIST (region);
CREATE TABLE two_levels_old_eu PARTITION OF two_levels_old FOR VALUES IN ('eu');
CREATE TABLE two_levels_old_rest PARTITION OF two_levels_old DEFAULT;
CREATE TABLE two_levels_new PARTITION OF two_levels FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
CREATE TABLE no_partitions (id int) PARTITION BY RANGE (id);
CREATE TABLE half_indexed (id int, note text) PARTITION BY RANGE (id);
CREATE TABLE half_indexed_1 PARTITION OF half_indexed FOR VALUES FROM (1) TO (9);
CREATE TABLE half_indexed_2 PARTITION OF half_indexed FOR VALUES FROM (9) TO (99);
CREATE INDEX its_own ON half_indexed_1 (note);
"""
FUNCTIONS = """\
CREATE FUNCTION squashed(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT replace($1, ' ', '') $$;
CREATE COLLATION "de_DE" (provider = icu, locale = 'de-DE');
"""
# The examples at the end of the page come first; the third there has no name, which the migrator refuses.
FORMS = {
    "title_unique": "CREATE UNIQUE INDEX {} ON films (title)",
    "title_include": "CREATE UNIQUE INDEX {} ON films (title) INCLUDE (director, rating)",
    "no_deduplication": "CREATE INDEX {} ON films (title) WITH (deduplicate_items = off)",
    "lower_title": "CREATE INDEX {} ON films ((lower(title)))",
    "title_german": 'CREATE INDEX {} ON films (title COLLATE "de_DE")',
    "title_nulls_low": "CREATE INDEX {} ON films (title NULLS FIRST)",
    "title_fillfactor": "CREATE UNIQUE INDEX {} ON films (title) WITH (fillfactor = 70)",
    "gin_no_fastupdate": "CREATE INDEX {} ON documents_table USING GIN (locations) WITH (fastupdate = off)",
    "other_tablespace": "CREATE INDEX {} ON films (code) TABLESPACE indexspace",
    "pointloc": "CREATE INDEX {} ON points USING gist (box(location,location))",
    "as_written_concurrently": "CREATE INDEX CONCURRENTLY {} ON sales_table (quantity)",
    # The synopsis, clause by clause.
    "unique_concurrently": "CREATE UNIQUE INDEX CONCURRENTLY {} ON films (did)",
    "if_not_exists": "CREATE INDEX IF NOT EXISTS {} ON films (kind)",
    "concurrently_if_not_exists": "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON films (kind)",
    "only_of_a_plain_table": "CREATE INDEX {} ON ONLY films (kind)",
    "lower_case": "create unique index if not exists {} on films (did) where did > 0",
    "comments_inside": "CREATE /* INDEX é ON */ INDEX -- ONLY\n {} ON /* x */ films (kind) WHERE did > 1",
    "quoted_names": 'CREATE INDEX {} ON "odd "" names" ("index", "on", "a;b") WHERE "a;b" <> \'; ON\'',
    "unicode_names": "CREATE INDEX {} ON U&\"\\0066ilms\" (did) WHERE kind = 'é'",
    "several_columns": "CREATE INDEX {} ON films (kind, did, title)",
    "expression": "CREATE INDEX {} ON films ((rating * 2), (did + 1))",
    "function_without_parentheses": "CREATE INDEX {} ON films (lower(title), coalesce(did, 0))",
    "own_function": "CREATE INDEX {} ON films (squashed(title), kind)",
    "casts": "CREATE INDEX {} ON films ((rating::int), (cast(did AS text)))",
    "json_expression": "CREATE INDEX {} ON films ((data ->> 'isbn'), (data #>> '{{a,b}}'))",
    "collation_c": 'CREATE INDEX {} ON films (title COLLATE "C" DESC, kind COLLATE "POSIX")',
    "collation_of_expression": 'CREATE INDEX {} ON films (lower(title) COLLATE "C" text_pattern_ops)',
    "operator_class": "CREATE INDEX {} ON films (title varchar_pattern_ops, kind text_pattern_ops)",
    "operator_class_qualified": "CREATE INDEX {} ON films (did pg_catalog.int4_ops)",
    "ascending": "CREATE INDEX {} ON films (title ASC, did ASC NULLS LAST)",
    "descending": "CREATE INDEX {} ON films (title DESC, did DESC NULLS LAST, kind ASC NULLS FIRST)",
    "include_without_unique": "CREATE INDEX {} ON films (kind) INCLUDE (title)",
    "nulls_distinct": "CREATE UNIQUE INDEX {} ON films (did) NULLS DISTINCT",
    "nulls_not_distinct": "CREATE UNIQUE INDEX {} ON films (did, kind) INCLUDE (title) NULLS NOT DISTINCT",
    "two_parameters": "CREATE INDEX {} ON films (kind) WITH (fillfactor = 50, deduplicate_items = true)",
    "parameter_without_value": "CREATE INDEX {} ON films (kind) WITH (deduplicate_items)",
    "default_tablespace": "CREATE INDEX {} ON films (kind) TABLESPACE pg_default",
    "partial": "CREATE INDEX {} ON films (kind) WHERE rating > 3 AND (did IS NOT NULL OR kind IN ('1', '2'))",
    "every_clause": "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {} ON ONLY public.films USING btree "
    '(lower(title) COLLATE "C" text_pattern_ops DESC NULLS LAST, did) INCLUDE (kind) NULLS NOT DISTINCT '
    "WITH (fillfactor = 80) TABLESPACE indexspace WHERE did IS NOT NULL",
    # The methods, their operator classes and parameters.
    "hash": "CREATE INDEX {} ON films USING hash (title) WITH (fillfactor = 60)",
    "hash_of_expression": "CREATE INDEX {} ON films USING hash (lower(title)) WHERE did > 3",
    "gist": "CREATE INDEX {} ON points USING gist (area, ring, zone) WITH (buffering = on, fillfactor = 80)",
    "gist_include": "CREATE INDEX {} ON points USING gist (during) INCLUDE (location)",
    "gist_siglen": "CREATE INDEX {} ON films USING gist (words tsvector_ops (siglen = 100))",
    "gist_network": "CREATE INDEX {} ON points USING gist (host inet_ops)",
    "rtree_is_gist": "CREATE INDEX {} ON points USING rtree (area) WITH (buffering = auto)",
    "spgist": "CREATE INDEX {} ON points USING spgist (location) INCLUDE (during) WITH (fillfactor = 70)",
    "spgist_kd_tree": "CREATE INDEX {} ON points USING spgist (location kd_point_ops)",
    "spgist_text": "CREATE INDEX {} ON films USING spgist (kind)",
    "spgist_network": "CREATE INDEX {} ON points USING spgist (host)",
    "gin": "CREATE INDEX {} ON films USING gin (tags, data, words)",
    "gin_path": "CREATE INDEX {} ON films USING gin (data jsonb_path_ops)",
    "gin_expression": "CREATE INDEX {} ON films USING gin (to_tsvector('english', title || ' ' || director))",
    "gin_pending_list": "CREATE INDEX {} ON films USING gin (tags) "
    "WITH (fastupdate = on, gin_pending_list_limit = 128)",
    "brin": "CREATE INDEX {} ON films USING brin (made) WITH (pages_per_range = 32, autosummarize = on)",
    "brin_bloom": "CREATE INDEX {} ON films USING brin "
    "(did int4_bloom_ops (n_distinct_per_range = 100, false_positive_rate = 0.05))",
    "brin_multi": "CREATE INDEX {} ON films USING brin (sold int8_minmax_multi_ops (values_per_range = 16))",
    "brin_inclusion": "CREATE INDEX {} ON points USING brin (during, area)",
    # Relations other than plain tables.
    "materialized_view": "CREATE UNIQUE INDEX {} ON ratings (director)",
    "unlogged_table": "CREATE INDEX {} ON unlogged (a)",
    "one_partition": "CREATE INDEX {} ON by_range_old (id)",
    "range_partitioned": "CREATE INDEX {} ON by_range (note)",
    "range_with_clauses": "CREATE INDEX {} ON by_range (lower(note), id DESC) INCLUDE (at) WHERE id > 5",
    "range_partitioned_unique": "CREATE UNIQUE INDEX {} ON by_range (at, id)",
    "range_partitioned_brin": "CREATE INDEX {} ON by_range USING brin (at) WITH (pages_per_range = 8)",
    "range_partitioned_tablespace": "CREATE INDEX {} ON by_range (id, note) TABLESPACE indexspace",
    "list_partitioned": "CREATE INDEX {} ON public.by_list (id)",
    "list_partitioned_unique": "CREATE UNIQUE INDEX {} ON by_list (region, id) NULLS NOT DISTINCT",
    "hash_partitioned": "CREATE INDEX IF NOT EXISTS {} ON by_hash USING hash (id)",
    "two_levels_partitioned": "CREATE INDEX {} ON two_levels (id)",
    "two_levels_partitioned_unique": "CREATE UNIQUE INDEX {} ON two_levels (at, region, id)",
    "without_partitions": "CREATE INDEX {} ON no_partitions (id)",
    "partition_with_an_equal_index": "CREATE INDEX {} ON half_indexed (note)",
}
