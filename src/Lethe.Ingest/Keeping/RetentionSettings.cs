namespace Lethe.Ingest.Keeping;

/// <summary>How long what is there is kept. Zero is for ever; what is pinned stays whatever these say.</summary>
public sealed record RetentionSettings
{
    /// <summary>What was said is forgotten when it is older.</summary>
    public TimeSpan WordsAge { get; init; }

    /// <summary>That it happened is forgotten when it is older; its sums stay.</summary>
    public TimeSpan RecordsAge { get; init; }

    /// <summary>What the data directory may hold; over it the oldest words go first, then the oldest records.</summary>
    public long BytesMax { get; init; }

    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(10);
}
