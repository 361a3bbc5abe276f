using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>What was said, found again: the index names the calls, newest first, and each is read before it is shown.</summary>
internal static class SearchQueries
{
    private const int CandidatesAtOnce = 32;

    /// <summary>The index knows words, and not in which order they stand: of a frequent phrase no more than so many calls are read at a time.</summary>
    private const int CandidatesMax = 128;

    private const int HitsOfACallMax = 3;
    private const int BehindMax = 10_000;

    public static SearchPage Find(IReadConnections connections, string org, SearchQuery query, SearchFilter filter)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return new SearchPage([], null, 0);
        }

        using var snapshot = connections.BeginSnapshot(connection.Db);
        var at = new StoreMoment(connections, connection.Db, snapshot, owner);
        using var walk = new SearchWalk(at, query, filter);
        var hits = new List<SearchHit>();
        var place = filter.After;
        for (var read = 0; read < CandidatesMax && walk.Next(CandidatesAtOnce) is { Count: > 0 } candidates; read += candidates.Count)
        {
            var calls = new SpokenCalls(at, candidates);
            foreach (var candidate in candidates)
            {
                if (hits.Count >= filter.Limit)
                {
                    return new SearchPage(hits, place, Behind(at));
                }

                hits.AddRange(Hits(at, query, calls, candidate));
                place = candidate;
            }
        }

        return new SearchPage(hits, walk.IsAtEnd ? null : walk.Place, Behind(at));
    }

    private static IEnumerable<SearchHit> Hits(StoreMoment at, SearchQuery query, SpokenCalls calls, SearchCursor candidate)
    {
        var (row, texts) = calls.Of(candidate);
        if (row is null || !query.IsIn([.. texts.Select(text => text.Text)]))
        {
            yield break;
        }

        var turn = row.Seq ?? NextTurn(at, row);
        foreach (var (text, snippet) in texts.Select(text => (text, Snippet.Of(text.Text, query.Exact))).Where(one => one.Item2.Count > 0).Take(HitsOfACallMax))
        {
            yield return new SearchHit(
                row.ExchangeId.ToString("D"),
                row.SessionId?.ToString("D"),
                row.HarnessSessionId,
                row.HarnessId,
                row.ModelServed ?? row.ModelRequested,
                Microseconds.ToTime(row.CapturedAt),
                (int?)turn,
                candidate.Part,
                text.Role,
                text.Tool,
                snippet);
        }
    }

    // What a call that failed was the first to say belongs to the turn that came of it.
    private static long? NextTurn(StoreMoment at, ExchangeRow row) => row.SessionId is { } session
        ? at.Db.ExecuteScalar<long?>(
            "SELECT seq FROM session_turns WHERE org = @Owner AND session_id = @session AND captured_at >= @time ORDER BY captured_at, exchange_id LIMIT 1",
            new { at.Owner, session = at.Connections.SessionId(session), time = row.CapturedAt },
            at.Snapshot)
        : null;

    private static long Behind(StoreMoment at) => at.Db.ExecuteScalar<long>(
        $"""
        SELECT count(*) FROM (
          SELECT 1 FROM exchanges WHERE org = @Owner AND ingested > coalesce((SELECT ingested FROM search_cursors WHERE org = @Owner), 0) LIMIT {BehindMax}) behind
        """,
        new { at.Owner },
        at.Snapshot);

    /// <summary>The calls that a few documents are of, and what they were the first to say.</summary>
    private sealed class SpokenCalls
    {
        private readonly Dictionary<long, ExchangeRow> rows;
        private readonly Dictionary<Guid, List<SpokenText>> said;
        private readonly Dictionary<Guid, List<SpokenText>> systems;

        public SpokenCalls(StoreMoment at, IReadOnlyList<SearchCursor> candidates)
        {
            rows = at.Db.Query<ExchangeRow>(
                $"{ExchangeRow.Select}WHERE org = @Owner AND {at.Connections.IsAmong("ingested", "among")}",
                new { at.Owner, among = candidates.Select(candidate => candidate.Ingested).Distinct().ToArray() },
                at.Snapshot).ToDictionary(row => row.Ingested);
            said = SpokenTexts.SaidIn(at, Rows(candidates, isSystem: false));
            systems = SpokenTexts.SystemsOf(at, Rows(candidates, isSystem: true));
        }

        public (ExchangeRow? Row, IReadOnlyList<SpokenText> Texts) Of(SearchCursor candidate) => rows.TryGetValue(candidate.Ingested, out var row)
            ? (row, (candidate.Part == SearchPart.System ? systems : said)[row.ExchangeId].FindAll(text => text.Part == candidate.Part))
            : (null, []);

        private List<ExchangeRow> Rows(IEnumerable<SearchCursor> candidates, bool isSystem) =>
        [
            .. candidates.Where(candidate => candidate.Part == SearchPart.System == isSystem).Select(candidate => candidate.Ingested).Distinct()
                .Where(rows.ContainsKey).Select(ingested => rows[ingested]),
        ];
    }
}
