namespace Lethe.Ingest.Reading;

/// <summary>Where to look. Everything is optional; conditions add up.</summary>
public sealed record SearchFilter
{
    /// <summary>None is everywhere.</summary>
    public IReadOnlyCollection<SearchPart> Parts { get; init; } = [];

    /// <summary>A session id as <see cref="SessionSummary.SessionId"/> gives it.</summary>
    public string? SessionId { get; init; }

    public string? HarnessId { get; init; }

    /// <summary>The model that served, or was asked for.</summary>
    public string? Model { get; init; }

    /// <summary>As <see cref="ExchangeRecord.RequestKind"/>.</summary>
    public string? Kind { get; init; }

    /// <summary>The earliest capture time, inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The latest capture time, exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only what stands behind this one in the list.</summary>
    public SearchCursor? After { get; init; }

    public int Limit { get; init; } = 50;
}

/// <summary>A place in the list of what was found, newest commit first.</summary>
public readonly record struct SearchCursor(long Ingested, SearchPart Part)
{
    internal const int PartCount = 4;

    /// <summary>Its number in the index: exchanges times four, and the part.</summary>
    internal long Document => (Ingested * PartCount) + (long)Part;

    internal static SearchCursor OfDocument(long document) => new(document / PartCount, (SearchPart)(document % PartCount));

    public override string ToString() => $"{Ingested}.{(int)Part}";

    public static bool TryParse(string? text, out SearchCursor cursor)
    {
        cursor = default;
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot <= 0 || !long.TryParse(text.AsSpan(0, dot), out var ingested) || !int.TryParse(text.AsSpan(dot + 1), out var part) || part is < 0 or > (int)SearchPart.Errors)
        {
            return false;
        }

        cursor = new SearchCursor(ingested, (SearchPart)part);
        return true;
    }
}

/// <summary>What was found, newest first.</summary>
/// <param name="NextCursor">Where the list goes on; null at its end.</param>
/// <param name="Behind">Exchanges that are stored and not yet indexed.</param>
public sealed record SearchPage(IReadOnlyList<SearchHit> Hits, SearchCursor? NextCursor, long Behind);

/// <summary>A message, or an error, in which it was found.</summary>
/// <param name="Turn">The turn that it was said in; null where no turn has come of it.</param>
/// <param name="Role">As the wire has it: <c>user</c>, <c>assistant</c>, <c>tool</c>, <c>system</c>; <c>error</c>.</param>
/// <param name="Tool">The tool that was called, where that is told.</param>
/// <param name="Snippet">What stands around it.</param>
public sealed record SearchHit(
    string ExchangeId,
    string? SessionId,
    string? HarnessSessionId,
    string HarnessId,
    string? Model,
    DateTimeOffset At,
    int? Turn,
    SearchPart In,
    string Role,
    string? Tool,
    IReadOnlyList<SnippetRun> Snippet);

/// <param name="IsHit">True of what was looked for.</param>
public sealed record SnippetRun(string Text, bool IsHit);
