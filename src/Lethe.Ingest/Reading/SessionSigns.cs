namespace Lethe.Ingest.Reading;

/// <summary>What went wrong in a session, and how it stands; of itself alone.</summary>
public sealed record SessionSigns
{
    /// <summary>Calls that the upstream refused, or that nobody answered.</summary>
    public long Refused { get; init; }

    /// <summary>Answers that did not come to their end.</summary>
    public long Cut { get; init; }

    /// <summary>Tool calls that failed.</summary>
    public long FailedTools { get; init; }

    /// <summary>Calls whose vendor's cache was lost.</summary>
    public long Rebuilt { get; init; }

    /// <summary>Its last call gave no turn.</summary>
    public bool EndsFailed { get; init; }

    /// <summary>Its last turn asks for no tool: the next word is its user's.</summary>
    public bool EndsSaid { get; init; }

    /// <summary>What a model answered that was asked for a title; null where none was.</summary>
    public string? TitleReply { get; init; }
}

/// <summary>A tool call, and the exchange whose answer asked for it.</summary>
/// <param name="Arguments">JSON, or whatever the model wrote in its place.</param>
public sealed record AskedTool(string SessionId, string CallId, string? Name, string Arguments, string ExchangeId);

/// <summary>How many sessions there are of each kind.</summary>
public sealed record SessionFacets(long Sessions, IReadOnlyList<Facet> Harnesses, IReadOnlyList<Facet> Projects, IReadOnlyList<Facet> Models);

public sealed record Facet(string Value, long Count);
