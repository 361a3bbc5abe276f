using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Reading;

/// <summary>Reads a store, while or after it is written; never changes it. Each call opens its own connection, so any thread may call.</summary>
public sealed class StoreReader
{
    private readonly string path;

    private StoreReader(string path) => this.path = path;

    /// <exception cref="StoreRefusedException">There is no store, or it is of another kind or version.</exception>
    public static StoreReader Open(string path)
    {
        LetheDatabase.OpenReadOnly(path).Dispose();
        return At(path);
    }

    /// <summary>Of a store that may not be there yet: each call refuses until it is, as <see cref="Open"/> does.</summary>
    public static StoreReader At(string path) => new(path);

    /// <summary>Streams records in the order of export, <c>(captured_at, exchange_id)</c>, from one snapshot.</summary>
    public IEnumerable<ExchangeRecord> Exchanges(ExchangeFilter filter) => Rows(filter).Select(row => row.Record);

    /// <summary>As <see cref="Exchanges"/>, each with the place of its body in the journal; null when it came without one.</summary>
    public IEnumerable<(ExchangeRecord Record, JournalPosition? BodyAt)> ExchangesWithBodies(ExchangeFilter filter) => Rows(filter);

    public ExchangeRecord? Exchange(string exchangeId)
    {
        if (!Guid.TryParse(exchangeId, out var id))
        {
            return null;
        }

        using var connection = Connect();
        var row = connection.QueryFirstOrDefault<ExchangeRow>(ExchangeRow.Select + "WHERE e.exchange_id = @id", new { id = id.ToByteArray(bigEndian: true) });
        return row is null ? null : ExchangeRows.ToRecord(row, new TurnOrder(connection).Of(row));
    }

    /// <summary>The commit order of the newest exchange; 0 when there is none.</summary>
    public long LastChange()
    {
        using var connection = Connect();
        return connection.ExecuteScalar<long?>("SELECT max(ingested) FROM exchanges") ?? 0;
    }

    /// <summary>Exchanges committed after <paramref name="ingested"/>, in the order of commits: what a live tail shows next.</summary>
    public IReadOnlyList<IngestedExchange> CommittedAfter(long ingested, int limit = 1000)
    {
        using var connection = Connect();
        var order = new TurnOrder(connection);
        return [.. connection
            .Query<ExchangeRow>(ExchangeRow.Select + "WHERE e.ingested > @ingested ORDER BY e.ingested LIMIT @limit", new { ingested, limit })
            .Select(row => new IngestedExchange(row.Ingested, ExchangeRows.ToRecord(row, order.Of(row))))];
    }

    /// <summary>Newest first by last activity; placeholders, which have none, come last.</summary>
    public IReadOnlyList<SessionSummary> Sessions(SessionFilter filter)
    {
        using var connection = Connect();
        return SessionQueries.List(connection, filter);
    }

    /// <summary>One session by its id, a unique prefix of it, or the harness's own session id; null when none or several answer.</summary>
    public SessionDetail? Session(string idOrPrefixOrHarnessSessionId)
    {
        using var connection = Connect();
        return SessionQueries.Find(connection, idOrPrefixOrHarnessSessionId);
    }

    /// <summary>The session exchange by exchange in capture order; only the turn with that number, and its attempts, when one is given.</summary>
    /// <param name="sessionId">As <see cref="SessionSummary.SessionId"/> gives it.</param>
    public IEnumerable<ConversationTurn> Conversation(string sessionId, int? turn = null)
    {
        using var connection = Connect();
        foreach (var told in ConversationQuery.Read(connection, sessionId, turn))
        {
            yield return told;
        }
    }

    private IEnumerable<(ExchangeRecord Record, JournalPosition? BodyAt)> Rows(ExchangeFilter filter)
    {
        using var connection = Connect();
        using var snapshot = connection.BeginTransaction(deferred: true);
        var order = new TurnOrder(connection);
        var seesAll = filter is { HarnessId: null, Provider: null, Model: null, Outcome: null };
        foreach (var row in connection.Query<ExchangeRow>(Sql(filter), Parameters(filter), snapshot, buffered: false))
        {
            JournalPosition? bodyAt = row is { BodySegment: { } segment, BodyOffset: { } offset, BodySequence: { } sequence }
                ? new JournalPosition(default, segment, offset, sequence)
                : null;
            yield return (ExchangeRows.ToRecord(row, seesAll ? order.Next(row) : order.Of(row)), bodyAt);
        }
    }

    private static string Sql(ExchangeFilter filter)
    {
        var conditions = new List<string>();
        if (filter.SessionId is not null)
        {
            conditions.Add("e.session = (SELECT session FROM sessions WHERE session_id = @SessionId)");
        }

        if (filter.OrgId is not null)
        {
            conditions.Add("o.org_id = @OrgId");
        }

        if (filter.HarnessId is not null)
        {
            conditions.Add("c.harness_id = @HarnessId");
        }

        if (filter.Provider is not null)
        {
            conditions.Add("r.provider = @Provider");
        }

        if (filter.Model is not null)
        {
            conditions.Add("coalesce(e.model_served, e.model_requested) = @Model");
        }

        if (filter.Outcome is not null)
        {
            conditions.Add("e.outcome = @Outcome");
        }

        if (filter.Since is not null)
        {
            conditions.Add("e.captured_at >= @Since");
        }

        if (filter.After is not null)
        {
            conditions.Add("(e.captured_at, e.exchange_id) > (@AfterAt, @AfterId)");
        }

        return ExchangeRow.Select
            + (conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions))
            + " ORDER BY e.captured_at, e.exchange_id"
            + (filter.Limit is null ? "" : " LIMIT @Limit");
    }

    private static object Parameters(ExchangeFilter filter) => new
    {
        filter.SessionId,
        filter.OrgId,
        filter.HarnessId,
        filter.Provider,
        filter.Model,
        filter.Outcome,
        Since = filter.Since is { } since ? Microseconds.Of(since) : (long?)null,
        AfterAt = filter.After?.CapturedAtMicroseconds,
        AfterId = filter.After is { } after && Guid.TryParse(after.ExchangeId, out var id) ? id.ToByteArray(bigEndian: true) : null,
        filter.Limit,
    };

    private SqliteConnection Connect() => LetheDatabase.OpenReadOnly(path);
}
