using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>What a response said, whether it came whole or as a stream.</summary>
internal sealed record Answer
{
    public static readonly Answer None = new();

    public string? Model { get; init; }

    public string? Id { get; init; }

    public string? Stop { get; init; }

    /// <summary>What a refusal was for, the vendor's word; null where it told none.</summary>
    public string? Refusal { get; init; }

    public string? RequestId { get; init; }

    public string? PreviousResponseId { get; init; }

    public Usage? Usage { get; init; }

    /// <summary>What of <see cref="Usage"/> each result of a batch used.</summary>
    public IReadOnlyList<BatchResult> Results { get; init; } = [];

    public ExchangeError? Error { get; init; }

    public IReadOnlyList<Message> Messages { get; init; } = [];

    public string? Text { get; init; }

    public string? Reasoning { get; init; }

    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    public bool Complete { get; init; }

    public CacheDiagnosis? CacheDiagnosis { get; init; }
}
