using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>
/// A session's exchanges in capture order, each with the messages that were new in it, in the session's own words. Read page by page, each in a
/// snapshot of its own: what it costs depends on what is shown, and nothing is held while the reader of the pages takes its time.
/// </summary>
internal static class ConversationQuery
{
    private const int ExchangesAtOnce = 64;

    /// <param name="after">Only exchanges after this one; what those up to it told is not told again.</param>
    /// <param name="turns">Only the turns with those numbers, and the failed attempts before each.</param>
    public static IEnumerable<ConversationTurn> Read(IReadConnections connections, string org, string sessionId, ExchangeCursor? after, (int From, int To)? turns)
    {
        if (!Guid.TryParse(sessionId, out var session))
        {
            yield break;
        }

        var start = after?.Clock;
        CaptureClock? end = null;
        if (turns is { } numbers && !Bounds(connections, org, session, numbers, out start, out end))
        {
            yield break;
        }

        var told = new ToldMessages(start);
        for (var place = start; ;)
        {
            var page = Page(connections, org, session, place, end, told);
            foreach (var one in page)
            {
                yield return one;
            }

            if (page.Count < ExchangesAtOnce)
            {
                yield break;
            }

            place = ExchangeCursor.Of(page[^1].Exchange).Clock;
        }
    }

    private static List<ConversationTurn> Page(
        IReadConnections connections, string org, Guid session, CaptureClock? after, CaptureClock? upTo, ToldMessages told)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return [];
        }

        using var snapshot = connections.BeginSnapshot(connection.Db);
        var at = new SessionPlace(connections, connection.Db, snapshot, owner, connections.SessionId(session));
        var rows = Rows(at, after, upTo);
        if (rows.Count == 0)
        {
            return [];
        }

        told.Load(at, after, rows[^1].Clock);
        rows.With(connections, connection.Db, owner, snapshot);
        var tools = SessionTools.Of(at, rows);
        return rows.ConvertAll(row => Turn(row, told.Fresh(at, row), [.. tools[row.ExchangeId]]));
    }

    private static List<ExchangeRow> Rows(SessionPlace at, CaptureClock? after, CaptureClock? upTo)
    {
        var conditions = (after is null ? "" : " AND captured_at >= @afterAt AND (captured_at, exchange_id) > (@afterAt, @afterId)")
            + (upTo is null ? "" : " AND captured_at <= @upToAt AND (captured_at, exchange_id) <= (@upToAt, @upToId)");
        return at.Db.Query<ExchangeRow>(
            $"{ExchangeRow.Select}WHERE {at.Connections.Unsought("org")} = @Owner AND session_id = @Session{conditions} ORDER BY captured_at, exchange_id LIMIT {ExchangesAtOnce}",
            new
            {
                at.Owner,
                at.Session,
                afterAt = after?.At ?? 0,
                afterId = at.Connections.ExchangeId(after?.Id ?? Guid.Empty),
                upToAt = upTo?.At ?? 0,
                upToId = at.Connections.ExchangeId(upTo?.Id ?? Guid.Empty),
            },
            at.Snapshot).AsList();
    }

    // Behind the turn before the first, up to the last itself; the last failures have no turn that ends them. False when there are no such turns.
    private static bool Bounds(IReadConnections connections, string org, Guid session, (int From, int To) numbers, out CaptureClock? start, out CaptureClock? end)
    {
        start = end = null;
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return false;
        }

        var found = connection.Db.Query<ExchangePlace>(
            "SELECT captured_at, exchange_id, seq FROM session_turns WHERE org = @owner AND session_id = @session AND seq IN (@before, @last)",
            new { owner, session = connections.SessionId(session), before = numbers.From - 1L, last = (long)numbers.To }).ToDictionary(place => place.Seq);
        start = found.GetValueOrDefault(numbers.From - 1)?.Clock;
        end = found.GetValueOrDefault(numbers.To)?.Clock;
        return numbers.From == 1 || start is not null;
    }

    private static ConversationTurn Turn(ExchangeRow row, List<MessageRow> fresh, List<ToolCallOutcome> tools) => new()
    {
        Exchange = ExchangeRows.ToRecord(row),
        NewMessages = [.. fresh.Where(message => message.Depth < row.PromptLength).Select(message => message.ToMessage())],
        Reply = [.. fresh.Where(message => message.Depth >= row.PromptLength).Select(message => message.ToMessage())],
        Tools = tools,
    };

    private sealed class ExchangePlace
    {
        public long CapturedAt { get; init; }
        public Guid ExchangeId { get; init; }
        public long Seq { get; init; }

        public CaptureClock Clock => new(CapturedAt, ExchangeId);
    }
}

/// <summary>A session of an organisation, in one moment of the store.</summary>
internal sealed record SessionPlace(IReadConnections Connections, DbConnection Db, DbTransaction Snapshot, object Owner, object Session);
