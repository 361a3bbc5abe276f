using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Ollama;

/// <summary>Puts a response together out of its lines, of which a whole answer has one. The last says that all is done, why, and what was counted.</summary>
internal sealed class OllamaReply(Operation operation) : IReply
{
    private readonly StringBuilder content = new();
    private readonly StringBuilder thinking = new();
    private readonly List<byte[]> calls = [];
    private readonly MergedObject counts = new();
    private string? model;
    private string? role;
    private string? stop;
    private ExchangeError? error;
    private bool spoke;
    private bool done;
    private int pieces;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        var phase = kind == FrameKind.Document ? "body" : "stream";
        model ??= json.Word("model"u8);
        error ??= WireError.Inside(json, phase);
        stop = json.Word("done_reason"u8) ?? stop;
        if (json.Member("eval_count"u8) is not null || json.Member("prompt_eval_count"u8) is not null)
        {
            counts.MergeCounts(json);
        }

        if (operation == Operation.Embeddings)
        {
            done = json.Member("embeddings"u8) is not null || json.Member("embedding"u8) is not null;
            error ??= done ? null : WireError.Of(json, phase);
            return;
        }

        done |= json.IsTrue("done"u8);
        var message = json.ObjectMember("message"u8);
        var said = message ?? (json.Member("response"u8) is null ? null : json);
        spoke |= said is not null;
        error ??= said is null && !done ? WireError.Of(json, phase) : null;
        role ??= message.Text("role"u8);
        AddText(message.Text("content"u8) ?? json.Text("response"u8));
        thinking.Append(said.Text("thinking"u8));
        foreach (var call in said is { } speaking ? speaking.Items("tool_calls"u8) : default)
        {
            calls.Add(JsonMarshal.GetRawUtf8Value(call).ToArray());
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        var hasWords = content.Length > 0 || thinking.Length > 0 || calls.Count > 0;
        var reply = spoke && (hasWords || done) && stop is not ("load" or "unload") ? ReadMessage(WriteMessage()) : Answer.None;
        return reply with
        {
            Model = model,
            Stop = stop,
            Reasoning = thinking.Length > 0 ? HalfCharacters.Join(thinking).ToString() : null,
            Usage = ReadUsage(),
            Error = error,
            Complete = done && error is null,
        };
    }

    private void AddText(string? piece)
    {
        if (!string.IsNullOrEmpty(piece) && !(done && Texts.IsSaidAgain(content, pieces, piece)))
        {
            content.Append(piece);
            pieces++;
        }
    }

    private static Answer ReadMessage(byte[] raw)
    {
        raw = HalfCharacters.Unmark(raw);
        using var document = JsonReading.TryParseAssembled(raw);
        if (document is null)
        {
            return Answer.None;
        }

        var message = OllamaContent.ReadMessage(document.RootElement, raw);
        List<ToolCall> asked = [];
        ToolCallReading.Collect(message, asked);
        return new Answer { Messages = [message], Text = message.Blocks.FirstOrDefault(block => block.Type == "text")?.Text, ToolCalls = asked };
    }

    /// <summary>A prompt that was met before may be counted in part, or not at all: what is not told is not known.</summary>
    private Usage? ReadUsage()
    {
        using var document = counts.IsEmpty ? null : JsonReading.TryParse(counts.ToJson());
        var input = document?.RootElement.Count("prompt_eval_count"u8);
        var output = document?.RootElement.Count("eval_count"u8);
        return input is null && output is null ? null : new Usage { Input = input, Output = output, ReportedJson = WriteCounts(document!.RootElement), Final = done };
    }

    private static string WriteCounts(JsonElement told) => Encoding.UTF8.GetString(RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in told.EnumerateObject())
        {
            if (member.Name.EndsWith("_count", StringComparison.Ordinal) || member.Name.EndsWith("_duration", StringComparison.Ordinal))
            {
                writer.WritePropertyName(member.Name);
                writer.Raw(member.Value);
            }
        }

        writer.WriteEndObject();
    }));

    private byte[] WriteMessage() => RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, role ?? "assistant");
        writer.Text("content"u8, content);
        if (thinking.Length > 0)
        {
            writer.Text("thinking"u8, thinking);
        }

        if (calls.Count > 0)
        {
            writer.WriteStartArray("tool_calls"u8);
            foreach (var call in calls)
            {
                writer.WriteRawValue(call, skipInputValidation: true);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    });
}
