using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>Models that are given one text and go on with it, each with words of its own: Titan, Llama, Mistral, Cohere's and Anthropic's first ones; and embeddings.</summary>
internal sealed class InvokedText : IReply
{
    private readonly StringBuilder text = new();
    private string? id;
    private string? stop;
    private long? input;
    private long? output;
    private ExchangeError? error;
    private bool answered;

    /// <summary>The one text of such a request.</summary>
    public static Turn ReadRequest(Turn turn, in RequestView request)
    {
        var body = request.Body;
        var words = body.Member("prompt"u8) ?? body.Member("inputText"u8) ?? body.Member("message"u8);
        return words is { ValueKind: JsonValueKind.String } said
            ? turn with { Prompt = [new Message("user", [new Block { Type = "text", Text = said.GetString() }], said.Slice(request.Source))] }
            : turn;
    }

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        id ??= json.Word("id"u8);
        input = json.Count("inputTextTokenCount"u8) ?? json.Count("prompt_token_count"u8) ?? input;
        output = json.Count("totalOutputTextTokenCount"u8) ?? json.Count("generation_token_count"u8) ?? output;
        var said = Words(json);
        foreach (var list in (ReadOnlySpan<JsonElement.ArrayEnumerator>)[json.Items("results"u8), json.Items("outputs"u8), json.Items("generations"u8)])
        {
            foreach (var item in list)
            {
                said |= Words(item);
                output = item.Count("tokenCount"u8) ?? output;
                break;
            }
        }

        var isVector = json.Member("embedding"u8) is not null || json.Member("embeddings"u8) is not null || json.Member("embeddingsByType"u8) is not null;
        answered |= said || isVector;
        if (!said && !isVector)
        {
            error ??= kind == FrameKind.Document ? WireError.Of(json, "body") : WireError.Inside(json, "stream");
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        var ended = answered && end != ReplyEnd.Cut;
        var reply = text.Length == 0 ? Answer.None : ChatDocument.ReadMessage(RawMessage.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("role"u8, "assistant"u8);
            writer.Text("content"u8, text);
            writer.WriteEndObject();
        }));
        return reply with
        {
            Id = id,
            Stop = stop,
            Error = error,
            Usage = input is null && output is null ? null : new Usage { Input = input, Output = output, Final = ended },
            Complete = ended && error is null,
        };
    }

    private bool Words(JsonElement json)
    {
        stop = json.Word("completionReason"u8) ?? json.Word("stop_reason"u8) ?? json.Word("finish_reason"u8) ?? stop;
        var piece = json.Text("outputText"u8) ?? json.Text("generation"u8) ?? json.Text("completion"u8) ?? json.Text("text"u8);
        text.Append(piece);
        return piece is not null;
    }
}
