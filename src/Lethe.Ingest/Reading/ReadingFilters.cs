using System.Globalization;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>A place in the order of export: capture time in microseconds since the epoch, then exchange id.</summary>
public readonly record struct ExchangeCursor(long CapturedAtMicroseconds, string ExchangeId)
{
    public static ExchangeCursor Of(ExchangeRecord record) =>
        new(Microseconds.Of(DateTimeOffset.Parse(record.CapturedAt, CultureInfo.InvariantCulture)), record.ExchangeId);

    internal CaptureClock Clock => new(CapturedAtMicroseconds, Guid.TryParse(ExchangeId, out var id) ? id : Guid.Empty);

    /// <summary>Text for paging: <c>microseconds.exchange-id</c>.</summary>
    public override string ToString() => $"{CapturedAtMicroseconds}.{ExchangeId}";

    public static bool TryParse(string? text, out ExchangeCursor cursor)
    {
        cursor = default;
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot <= 0 || !long.TryParse(text.AsSpan(0, dot), out var at) || !Guid.TryParseExact(text.AsSpan(dot + 1), "D", out var id))
        {
            return false;
        }

        cursor = new ExchangeCursor(at, id.ToString("D"));
        return true;
    }
}

/// <summary>A place in the list of a session's tool calls.</summary>
/// <param name="AskedAtMicroseconds">When the exchange was captured whose answer asked.</param>
public readonly record struct ToolCallCursor(long AskedAtMicroseconds, string CallId)
{
    /// <summary>Text for paging: <c>microseconds.call-id</c>.</summary>
    public override string ToString() => $"{AskedAtMicroseconds}.{CallId}";

    public static bool TryParse(string? text, out ToolCallCursor cursor)
    {
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        var at = 0L;
        var isOne = dot > 0 && long.TryParse(text.AsSpan(0, dot), out at);
        cursor = isOne ? new ToolCallCursor(at, text![(dot + 1)..]) : default;
        return isOne;
    }
}

/// <summary>By what sessions are listed, the largest first.</summary>
public enum SessionSort
{
    /// <summary>Last activity.</summary>
    Last,

    /// <summary>First activity.</summary>
    Started,

    /// <summary>List price, with all below it where roots are listed; so are the two that follow.</summary>
    Cost,

    Turns,

    /// <summary>The share of the input that came out of a vendor's cache.</summary>
    Cache,
}

/// <summary>A place in the list of sessions: what it is listed by (microseconds since the epoch, nano-USD, turns or a millionth; -1 for none), then session id.</summary>
public readonly record struct SessionCursor(long Key, string SessionId)
{
    private const long Millionths = 1_000_000;

    public static SessionCursor Of(SessionSummary session, SessionSort sort = SessionSort.Last) => new(KeyOf(session, sort), session.SessionId);

    /// <param name="session">With its sums where roots are listed.</param>
    public static long KeyOf(SessionSummary session, SessionSort sort) => sort switch
    {
        SessionSort.Last => session.LastSeenAt is { } last ? Microseconds.Of(last) : -1,
        SessionSort.Started => session.FirstSeenAt is { } first ? Microseconds.Of(first) : -1,
        _ => KeyOf(session.Tree?.Counters ?? session.Counters, sort),
    };

    internal static long KeyOf(SessionCounters counters, SessionSort sort) => sort switch
    {
        SessionSort.Cost => counters.CostNanoUsd,
        SessionSort.Turns => counters.Turns,
        SessionSort.Cache => counters.InputTotal == 0 ? -1 : counters.CacheRead * Millionths / counters.InputTotal,
        _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, null),
    };

    /// <summary>Text for paging: <c>key.session-id</c>.</summary>
    public override string ToString() => $"{Key}.{SessionId}";

    public static bool TryParse(string? text, out SessionCursor cursor)
    {
        cursor = default;
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot <= 0 || !long.TryParse(text.AsSpan(0, dot), out var at) || !Guid.TryParseExact(text.AsSpan(dot + 1), "D", out var id))
        {
            return false;
        }

        cursor = new SessionCursor(at, id.ToString("D"));
        return true;
    }
}

/// <summary>Which exchanges to read. Everything is optional; conditions add up.</summary>
public sealed record ExchangeFilter
{
    /// <summary>A session id as <see cref="SessionSummary.SessionId"/> gives it.</summary>
    public string? SessionId { get; init; }

    public string? HarnessId { get; init; }

    public string? Provider { get; init; }

    /// <summary>The model that served, or was asked for.</summary>
    public string? Model { get; init; }

    public string? Outcome { get; init; }

    /// <summary>The earliest capture time, inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The latest capture time, exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Backwards: the newest first.</summary>
    public bool IsNewestFirst { get; init; }

    /// <summary>Only exchanges behind this one in the list.</summary>
    public ExchangeCursor? After { get; init; }

    public int? Limit { get; init; }

    /// <summary>True leaves out the reply, the chain and the evidence, which are most of what a record holds.</summary>
    public bool FactsAlone { get; init; }

    /// <summary>True of a record that answers to every condition, wherever in the list it stands.</summary>
    public bool Takes(ExchangeRecord record) =>
        (SessionId is null || record.Session?.Id == SessionId)
        && (HarnessId is null || record.Harness.Id == HarnessId)
        && (Provider is null || record.Provider == Provider)
        && (Model is null || (record.ModelServed ?? record.ModelRequested) == Model)
        && (Outcome is null || record.Outcome == Outcome)
        && (Since is null || CapturedAt(record) >= Since)
        && (Until is null || CapturedAt(record) < Until);

    private static DateTimeOffset CapturedAt(ExchangeRecord record) => DateTimeOffset.Parse(record.CapturedAt, CultureInfo.InvariantCulture);
}

/// <summary>Which sessions to read. Everything is optional; conditions add up.</summary>
public sealed record SessionFilter
{
    public string? HarnessId { get; init; }

    /// <summary>Sessions last seen at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Sessions whose last activity was before; those that were never seen are not.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Where the agent worked, exactly.</summary>
    public string? Cwd { get; init; }

    /// <summary>Only sessions that no other is known to have started.</summary>
    public bool RootsAlone { get; init; }

    /// <summary>A model that served it, or was asked for.</summary>
    public string? Model { get; init; }

    public SessionSort Sort { get; init; }

    /// <summary>Backwards: the smallest first.</summary>
    public bool IsSmallestFirst { get; init; }

    /// <summary>Only sessions after this one in the list.</summary>
    public SessionCursor? After { get; init; }

    public int? Limit { get; init; }
}
