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

/// <summary>A place in the list of sessions, newest first: last activity in microseconds since the epoch (-1 for none), then session id.</summary>
public readonly record struct SessionCursor(long LastSeenAtMicroseconds, string SessionId)
{
    public static SessionCursor Of(SessionSummary session) =>
        new(session.LastSeenAt is { } at ? Microseconds.Of(at) : -1, session.SessionId);

    /// <summary>Text for paging: <c>microseconds.session-id</c>.</summary>
    public override string ToString() => $"{LastSeenAtMicroseconds}.{SessionId}";

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

    /// <summary>Only sessions after this one in the list.</summary>
    public SessionCursor? After { get; init; }

    public int? Limit { get; init; }
}
