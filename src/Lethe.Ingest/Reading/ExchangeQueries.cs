using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>Exchanges as records.</summary>
internal static class ExchangeQueries
{
    private const int RowsAtOnce = 200;

    /// <summary>Those that are there at the first look, page by page: neither a snapshot nor rows are held while they are taken.</summary>
    public static IEnumerable<ExchangeRow> List(IReadConnections connections, string org, ExchangeFilter filter)
    {
        var upTo = filter.Limit <= RowsAtOnce ? long.MaxValue : LastChange(connections, org);
        for (var left = filter.Limit ?? long.MaxValue; left > 0;)
        {
            var wanted = (int)Math.Min(left, RowsAtOnce);
            var page = Page(connections, org, filter with { Limit = wanted }, upTo);
            foreach (var row in page)
            {
                yield return row;
            }

            if (page.Count < wanted)
            {
                yield break;
            }

            left -= wanted;
            filter = filter with { After = new ExchangeCursor(page[^1].CapturedAt, page[^1].ExchangeId.ToString("D")) };
        }
    }

    private static List<ExchangeRow> Page(IReadConnections connections, string org, ExchangeFilter filter, long upTo)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner
            ? connection.Db.Query<ExchangeRow>(Sql(connections, filter), Parameters(connections, owner, filter, upTo)).AsList().With(connections, connection.Db, owner)
            : [];
    }

    public static ExchangeRow? Find(IReadConnections connections, string org, Guid id)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner
            ? connection.Db.Query<ExchangeRow>(
                ExchangeRow.Select + "WHERE org = @owner AND exchange_id = @id", new { owner, id = connections.ExchangeId(id) }).AsList().With(connections, connection.Db, owner).FirstOrDefault()
            : null;
    }

    public static CallAttempts? Attempts(IReadConnections connections, string org, Guid id)
    {
        if (Find(connections, org, id) is not { } asked)
        {
            return null;
        }

        using var connection = connections.Open();
        var (owner, first) = (connections.Org(connection.Db, org), asked.RetryOf ?? asked.ExchangeId);
        List<ExchangeRow> rows =
        [
            .. asked.RetryOf is null ? [asked] : Find(connections, org, first) is { } known ? (ExchangeRow[])[known] : [],
            .. connection.Db.Query<ExchangeRow>(
                $"{ExchangeRow.Select}WHERE {connections.Unsought("org")} = @owner AND retry_of = @first ORDER BY captured_at, exchange_id", new { owner, first = connections.ExchangeId(first) })
                .AsList().With(connections, connection.Db, owner!),
        ];
        var costs = rows.Select(row => row.CostNanoUsd).OfType<long>().ToList();
        return new CallAttempts([.. rows.Select(ExchangeRows.ToRecord)], costs.Count == 0 ? null : costs.Sum());
    }

    public static long LastChange(IReadConnections connections, string org)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner
            ? connection.Db.ExecuteScalar<long?>("SELECT ingested FROM exchanges WHERE org = @owner ORDER BY ingested DESC LIMIT 1", new { owner }) ?? 0
            : 0;
    }

    /// <summary>True when what was committed behind that place may be gone: it is of another store, or retention took the rows that stood there.</summary>
    public static bool IsHistoryGone(IReadConnections connections, string org, long ingested)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return ingested > 0;
        }

        var (first, last) = connection.Db.QuerySingle<(long? First, long? Last)>(
            "SELECT min(ingested) AS first, max(ingested) AS last FROM exchanges WHERE org = @owner", new { owner });
        return ingested > (last ?? 0)
            || (!(first <= ingested) && connection.Db.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM archived WHERE org = @owner AND exchanges > 0)", new { owner }));
    }

    public static IReadOnlyList<ExchangeRow> CommittedAfter(IReadConnections connections, string org, long ingested, int limit)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner
            ? connection.Db.Query<ExchangeRow>(
                ExchangeRow.Select + "WHERE org = @owner AND ingested > @ingested ORDER BY ingested LIMIT @limit", new { owner, ingested, limit }).AsList().With(connections, connection.Db, owner)
            : [];
    }

    private static string Sql(IReadConnections connections, ExchangeFilter filter)
    {
        var org = filter.SessionId is null ? "org" : connections.Unsought("org");
        var conditions = new List<string> { $"{org} = @owner", $"{connections.Unsought("ingested")} <= @upTo" };
        void When(object? value, string condition)
        {
            if (value is not null)
            {
                conditions.Add(condition);
            }
        }

        When(filter.SessionId, "session_id = @session");
        When(filter.HarnessId, "harness_id = @HarnessId");
        When(filter.Provider, "provider = @Provider");
        When(filter.Model, "coalesce(model_served, model_requested) = @Model");
        When(filter.Outcome, "outcome = @Outcome");
        When(filter.Since, "captured_at >= @since");
        When(filter.Until, "captured_at < @until");
        When(filter.After, filter.IsNewestFirst
            ? "captured_at <= @afterAt AND (captured_at, exchange_id) < (@afterAt, @afterId)"
            : "captured_at >= @afterAt AND (captured_at, exchange_id) > (@afterAt, @afterId)");
        var order = filter.IsNewestFirst ? " DESC" : "";
        return (filter.FactsAlone ? ExchangeRow.SelectFacts : ExchangeRow.Select)
            + "WHERE " + string.Join(" AND ", conditions)
            + $" ORDER BY captured_at{order}, exchange_id{order}"
            + (filter.Limit is null ? "" : " LIMIT @Limit");
    }

    private static object Parameters(IReadConnections connections, object owner, ExchangeFilter filter, long upTo) => new
    {
        owner,
        upTo,
        session = connections.SessionId(Guid.TryParse(filter.SessionId, out var session) ? session : Guid.Empty),
        filter.HarnessId,
        filter.Provider,
        filter.Model,
        filter.Outcome,
        since = filter.Since is { } since ? Microseconds.Of(since) : 0,
        until = filter.Until is { } until ? Microseconds.Of(until) : 0,
        afterAt = filter.After?.CapturedAtMicroseconds ?? 0,
        afterId = connections.ExchangeId(filter.After is { } after && Guid.TryParse(after.ExchangeId, out var id) ? id : Guid.Empty),
        Limit = filter.Limit ?? 0,
    };
}
