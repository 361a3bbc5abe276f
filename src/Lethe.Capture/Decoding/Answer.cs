using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>What a response said, whether it came whole or as a stream.</summary>
internal sealed record Answer
{
    public static readonly Answer None = new();

    public string? Model { get; init; }

    public string? Id { get; init; }

    public string? Stop { get; init; }

    public string? RequestId { get; init; }

    public string? PreviousResponseId { get; init; }

    public Usage? Usage { get; init; }

    public ExchangeError? Error { get; init; }

    public IReadOnlyList<Message> Messages { get; init; } = [];

    public string? Text { get; init; }

    public string? Reasoning { get; init; }

    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    public bool Complete { get; init; }
}

/// <summary>Puts a streamed reply together, event by event. One for each dialect.</summary>
internal interface IReplyAssembler
{
    /// <summary>Takes one event: its SSE name (empty when none) and its data. Events it does not know are passed over.</summary>
    void Add(ReadOnlySpan<byte> name, JsonElement data);

    /// <summary>The stream's <c>[DONE]</c> mark was seen.</summary>
    void Done();

    /// <param name="transportEnded">True when the transport reached its own end, so that a missing end mark is the vendor's habit and not a cut.</param>
    Answer Finish(bool transportEnded);
}
