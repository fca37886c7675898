"""The statement that puts a run into the queue. No Django: whoever has a connection may say it.

It looks whether there is room in the queue, numbers the run and writes it, with the pipeline's graph as it was
checked: `revision` is that of the graph that was held against the inputs. It gives one row at most:
`(number, full)`; `number` is null when no run was made, and `full` says where the queue has no room: `workspace`, `key`
or null. No row at all: there is no such workspace, or no such key.
"""

_WHO = """
WITH who AS (
    SELECT %(workspace)s::bigint AS workspace_id, %(by)s::bigint AS by, %(api_key)s::bigint AS api_key,
           (SELECT k.most_queued FROM workspaces_apikey k WHERE k.id = %(api_key)s::bigint) AS key_most
"""
# Behind a `who` of one row: workspace_id, by, api_key, key_most.
REST = """
), room AS (
    SELECT CASE
        WHEN (SELECT count(*) FROM (
                SELECT 1 FROM runs_run r WHERE r.workspace_id = w.id AND r.status = 'queued'
                LIMIT coalesce(w.most_queued, %(most_queued)s)) waiting
             ) >= coalesce(w.most_queued, %(most_queued)s) THEN 'workspace'
        WHEN who.key_most IS NOT NULL AND (SELECT count(*) FROM (
                SELECT 1 FROM runs_run r WHERE r.api_key_id = who.api_key AND r.status = 'queued'
                LIMIT who.key_most) waiting
             ) >= who.key_most THEN 'key'
        END AS "full"
    FROM who JOIN workspaces_workspace w ON w.id = who.workspace_id
), p AS (
    UPDATE pipelines_pipeline SET last_number = last_number + 1, ran_version = version
    WHERE id = %(pipeline)s AND revision = %(revision)s AND workspace_id = (SELECT workspace_id FROM who)
      AND (SELECT "full" FROM room) IS NULL
    RETURNING id, workspace_id, last_number, graph
), made AS (
    INSERT INTO runs_run (id, workspace_id, pipeline_id, number, graph, inputs, seed, start_from, "only", "values",
                          priority, cause, trace, api_key_id, requested_by_id)
    SELECT %(id)s::uuid, p.workspace_id, p.id, p.last_number, p.graph, %(inputs)s::jsonb, %(seed)s::bigint,
           %(start_from)s, %(only)s, %(values)s::jsonb, %(priority)s::int, %(cause)s, %(trace)s, who.api_key, who.by
    FROM p, who
    RETURNING number
)
SELECT (SELECT number FROM made), "full" FROM room
"""

ENQUEUE = _WHO + REST
