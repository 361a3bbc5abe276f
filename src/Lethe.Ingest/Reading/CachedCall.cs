using System.Globalization;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>One row of <c>cached_calls</c>: what of a call its cache depends on, and what it read and wrote.</summary>
internal sealed class CachedCall
{
    public Guid ExchangeId { get; init; }
    public Guid? SessionId { get; init; }
    public long CapturedAt { get; init; }
    public string Provider { get; init; } = "";
    public string? Model { get; init; }
    public string? RequestKind { get; init; }
    public string Operation { get; init; } = "";
    public long? Input { get; init; }
    public long? CacheRead { get; init; }
    public long? CacheWrite5m { get; init; }
    public long? CacheWrite1h { get; init; }
    public long? PromptLength { get; init; }
    public byte[]? LeafHash { get; init; }
    public byte[]? SystemHash { get; init; }
    public byte[]? ToolsHash { get; init; }
    public string? CacheMarks { get; init; }
    public long? CacheParameters { get; init; }
    public string? CacheDiagnosis { get; init; }
    public long? CacheMissed { get; init; }

    public string CaptureMode { get; init; } = "";

    /// <summary>True for a call of which somebody else's record tells: what was sent is there in part at best.</summary>
    public bool IsImport => CaptureMode == ExchangeFacts.Import;

    public long Read => CacheRead ?? 0;

    public long Written => (CacheWrite5m ?? 0) + (CacheWrite1h ?? 0);

    public long All => (Input ?? 0) + Read + Written;

    /// <summary>True where the vendor counts what it writes, and keeps nothing that it is not asked to.</summary>
    public bool KeepsWhatIsMarked => CacheMarks is not null || CacheWrite5m is not null || CacheWrite1h is not null;

    /// <summary>What a call that goes on with this one finds in the cache.</summary>
    public long Left => KeepsWhatIsMarked ? Read + Written : All;

    public IReadOnlyList<CacheMarkRecord> Marks => CacheMarks is null ? [] : [.. CacheMarks.Split(' ').Select(Mark)];

    private static CacheMarkRecord Mark(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var place = text[..colon].Split('.');
        return new CacheMarkRecord(place[0], Number(place, 1), Number(place, 2), text[(colon + 1)..]);
    }

    private static int? Number(string[] place, int at) => at < place.Length ? int.Parse(place[at], CultureInfo.InvariantCulture) : null;
}
