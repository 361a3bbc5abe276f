using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>What was said, found again: the index names the calls, newest first, and each is read before it is shown.</summary>
internal static class SearchQueries
{
    private const int CandidatesAtOnce = 64;

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
        var hits = new List<SearchHit>();
        var place = filter.After;
        for (var read = 0; read < CandidatesMax;)
        {
            var candidates = connections.Candidates(at, query, filter with { After = place }, CandidatesAtOnce);
            foreach (var candidate in candidates)
            {
                if (hits.Count >= filter.Limit)
                {
                    return new SearchPage(hits, place, Behind(at));
                }

                hits.AddRange(Hits(at, query, candidate));
                place = candidate.Place;
            }

            read += candidates.Count;
            if (candidates.Count < CandidatesAtOnce)
            {
                return new SearchPage(hits, null, Behind(at));
            }
        }

        return new SearchPage(hits, place, Behind(at));
    }

    private static IEnumerable<SearchHit> Hits(StoreMoment at, SearchQuery query, SearchCandidate candidate)
    {
        var row = at.Db.QueryFirst<ExchangeRow>(
            ExchangeRow.Select + "WHERE org = @Owner AND exchange_id = @id", new { at.Owner, id = at.Connections.ExchangeId(candidate.ExchangeId) }, at.Snapshot);
        var texts = SpokenTexts.Of(at, row, candidate.Place.Part);
        if (!query.IsIn([.. texts.Select(text => text.Text)]))
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
                candidate.Place.Part,
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
}

/// <summary>A document that holds the words and the pieces of code.</summary>
internal sealed record SearchCandidate(SearchCursor Place, Guid ExchangeId);
