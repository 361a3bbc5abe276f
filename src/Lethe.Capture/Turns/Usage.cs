namespace Lethe.Capture.Turns;

/// <summary>
/// Tokens of one exchange in disjoint buckets; <see cref="Reasoning"/> is a part of <see cref="Output"/>. Null is «not reported».
/// What is shown as input_tokens is <see cref="InputTotal"/>, as OpenTelemetry's GenAI conventions define it.
/// </summary>
public sealed record Usage
{
    /// <summary>Input tokens that were neither read from nor written to a cache.</summary>
    public long? Input { get; init; }

    public long? CacheRead { get; init; }

    public long? CacheWrite5m { get; init; }

    public long? CacheWrite1h { get; init; }

    /// <summary>All output tokens, reasoning included.</summary>
    public long? Output { get; init; }

    public long? Reasoning { get; init; }

    public long? AudioInput { get; init; }

    public long? AudioOutput { get; init; }

    /// <summary>What of <see cref="AudioInput"/> was read from a cache; null when not told.</summary>
    public long? AudioCacheRead { get; init; }

    public long? WebSearches { get; init; }

    public long? ImageInput { get; init; }

    /// <summary>What of <see cref="ImageInput"/> was read from a cache; null when not told.</summary>
    public long? ImageCacheRead { get; init; }

    public long? ImageOutput { get; init; }

    /// <summary>Seconds of sound that were listened to, where these are what is paid.</summary>
    public decimal? AudioSeconds { get; init; }

    /// <summary>Pages that were read, where these are what is paid.</summary>
    public long? Pages { get; init; }

    /// <summary>True for the provider's final word, false for what a cut stream had told so far.</summary>
    public bool Final { get; init; }

    /// <summary>The provider's own word on price, in nano-USD (OpenRouter, xAI, Perplexity, …); null when it gave none.</summary>
    public long? ReportedCostNanoUsd { get; init; }

    /// <summary><c>standard</c>, <c>priority</c>, <c>batch</c>, <c>flex</c>, <c>fast</c>, …; null when not told.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>Where the model ran, as the vendor tells it (Anthropic: <c>us</c>, <c>global</c>, <c>not_available</c>); null when not told.</summary>
    public string? InferenceGeo { get; init; }

    /// <summary>Separately priced passes of one call (Anthropic <c>usage.iterations</c>), each with the model that served it.</summary>
    public IReadOnlyList<UsageIteration> Iterations { get; init; } = [];

    /// <summary>The usage object as the provider sent it (JSON), kept verbatim.</summary>
    public string? ReportedJson { get; init; }

    /// <summary>True when the reported numbers contradict each other and were clamped.</summary>
    public bool Clamped { get; init; }

    /// <summary>What both told together, of two answers in one response; what neither told stays unknown.</summary>
    public Usage Plus(Usage? more) => more is null ? this : more with
    {
        Input = Sum(Input, more.Input),
        CacheRead = Sum(CacheRead, more.CacheRead),
        CacheWrite5m = Sum(CacheWrite5m, more.CacheWrite5m),
        CacheWrite1h = Sum(CacheWrite1h, more.CacheWrite1h),
        Output = Sum(Output, more.Output),
        Reasoning = Sum(Reasoning, more.Reasoning),
        AudioInput = Sum(AudioInput, more.AudioInput),
        AudioCacheRead = Sum(AudioCacheRead, more.AudioCacheRead),
        AudioOutput = Sum(AudioOutput, more.AudioOutput),
        WebSearches = Sum(WebSearches, more.WebSearches),
        ImageInput = Sum(ImageInput, more.ImageInput),
        ImageCacheRead = Sum(ImageCacheRead, more.ImageCacheRead),
        ImageOutput = Sum(ImageOutput, more.ImageOutput),
        ReportedCostNanoUsd = Sum(ReportedCostNanoUsd, more.ReportedCostNanoUsd),
        Iterations = [.. Iterations, .. more.Iterations],
        Final = Final && more.Final,
        Clamped = Clamped || more.Clamped,
    };

    public long? CacheWrite => CacheWrite5m is null && CacheWrite1h is null ? null : (CacheWrite5m ?? 0) + (CacheWrite1h ?? 0);

    public long? InputTotal => Input is null && CacheRead is null && CacheWrite is null
        ? null
        : (Input ?? 0) + (CacheRead ?? 0) + (CacheWrite ?? 0);

    /// <summary>Two counts together; null when neither was told.</summary>
    public static long? Sum(long? one, long? other) => one is null && other is null ? null : (one ?? 0) + (other ?? 0);
}

/// <summary>One pass inside a call: its kind (<c>message</c>, <c>compaction</c>, …), its model and its own tokens.</summary>
public sealed record UsageIteration(string Kind, string? Model, long Input, long CacheRead, long CacheWrite5m, long CacheWrite1h, long Output);
