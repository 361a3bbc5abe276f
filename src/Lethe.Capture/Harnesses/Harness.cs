namespace Lethe.Capture.Harnesses;

/// <summary>
/// One agent program: the signs it is known by, and where its calls name what. Places are written as evidence is (<c>header:x-session-id</c>,
/// <c>body:metadata.sessionId</c>); of several the first that is there counts.
/// </summary>
internal sealed record Harness(string Id, params Mark[] Marks)
{
    /// <summary>Products of the user agent that a version follows.</summary>
    public string[] Products { get; init; } = [];

    /// <summary>Where else its version stands, alone or behind a product's name.</summary>
    public string[] Version { get; init; } = [];

    public string[] Session { get; init; } = [];

    public string[] Parent { get; init; } = [];

    public string[] Thread { get; init; } = [];

    public string[] Prompt { get; init; } = [];

    public string[] Kind { get; init; } = [];

    /// <summary>How it names sessions where places alone do not tell; null for most.</summary>
    public Action<WireEvidence, EnvelopeDraft>? Own { get; init; }

    public void Read(WireEvidence wire, EnvelopeDraft draft)
    {
        foreach (var product in Products)
        {
            draft.HarnessVersion(wire.Version(product));
        }

        draft.HarnessVersion(wire.At(Version) is { } version ? version with { Value = version.Value[(version.Value.LastIndexOf('/') + 1)..] } : null);
        draft.Prompt(wire.At(Prompt));
        Own?.Invoke(wire, draft);
        var (session, parent) = (wire.At(Session), wire.At(Parent));
        draft.OwnSession(session, parent);
        draft.Thread(wire.At(Thread));
        draft.Kind(RequestKinds.Of(wire, wire.At(Kind) ?? (session is not null && parent is { } above ? above with { Value = RequestKinds.SubAgent } : null)));
    }
}
