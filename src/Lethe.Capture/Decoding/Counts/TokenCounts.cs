using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Counts;

/// <summary>Counts where cached and written tokens are part of the input; turned into disjoint buckets.</summary>
internal readonly record struct TokenCounts
{
    public long? Input { get; init; }

    public long? CacheRead { get; init; }

    public long? CacheWrite5m { get; init; }

    public long? CacheWrite1h { get; init; }

    public long? Output { get; init; }

    public long? Reasoning { get; init; }

    /// <summary>A part larger than its whole is cut to it, and flagged.</summary>
    public Usage ToUsage()
    {
        var room = Input ?? long.MaxValue;
        var read = Fit(CacheRead, ref room);
        var oneHour = Fit(CacheWrite1h, ref room);
        var fiveMinutes = Fit(CacheWrite5m, ref room);
        var reasoning = Output is { } output && Reasoning > output ? output : Reasoning;
        return new Usage
        {
            Input = Input is null ? null : room,
            CacheRead = read,
            CacheWrite5m = fiveMinutes,
            CacheWrite1h = oneHour,
            Output = Output,
            Reasoning = reasoning,
            Clamped = read != CacheRead || oneHour != CacheWrite1h || fiveMinutes != CacheWrite5m || reasoning != Reasoning,
        };
    }

    private static long? Fit(long? part, ref long room)
    {
        if (part is not { } wanted)
        {
            return null;
        }

        var fitted = Math.Min(wanted, room);
        room -= fitted;
        return fitted;
    }
}
