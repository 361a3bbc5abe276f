using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Cohere;

/// <summary>The message of a stream: its contents, its plan, its tool calls. What starts at an index is another one, whatever stood there.</summary>
internal sealed class StreamedMessage
{
    private readonly List<(StringBuilder? Text, StringBuilder? Thinking)> contents = [];
    private readonly Dictionary<long, int> openContents = [];
    private readonly List<(string? Id, string? Name, StringBuilder Arguments)> calls = [];
    private readonly Dictionary<long, int> openCalls = [];
    private readonly StringBuilder plan = new();

    public bool IsEmpty => contents.Count == 0 && calls.Count == 0 && plan.Length == 0;

    public void AddContent(long index, JsonElement content, bool isStart)
    {
        if (isStart || !openContents.TryGetValue(index, out var at))
        {
            openContents[index] = at = contents.Count;
            contents.Add((null, null));
        }

        var (text, thinking) = contents[at];
        contents[at] = (Append(text, content.Text("text"u8)), Append(thinking, content.Text("thinking"u8)));
    }

    public void End(long index) => openContents.Remove(index);

    public void AddPlan(string? piece) => plan.Append(piece);

    public void AddCall(long index, JsonElement call, bool isStart)
    {
        if (isStart || !openCalls.TryGetValue(index, out var at))
        {
            openCalls[index] = at = ToldWithoutArguments(call.Word("id"u8)) ?? calls.Count;
            if (at == calls.Count)
            {
                calls.Add((call.Word("id"u8), call.ObjectMember("function"u8)?.Text("name"u8), new StringBuilder()));
            }
        }

        calls[at].Arguments.Append(call.ObjectMember("function"u8)?.Text("arguments"u8));
    }

    public void EndCall(long index) => openCalls.Remove(index);

    public void Clear()
    {
        contents.Clear();
        openContents.Clear();
        calls.Clear();
        openCalls.Clear();
        plan.Clear();
    }

    /// <summary>The message as a whole answer has it.</summary>
    public byte[] Write() => RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, "assistant"u8);
        WriteContents(writer);
        if (plan.Length > 0)
        {
            writer.Text("tool_plan"u8, plan);
        }

        if (calls.Count > 0)
        {
            WriteCalls(writer);
        }

        writer.WriteEndObject();
    });

    private void WriteContents(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("content"u8);
        foreach (var (text, thinking) in contents)
        {
            if ((text ?? thinking) is { } said)
            {
                writer.WriteStartObject();
                writer.WriteString("type"u8, text is null ? "thinking" : "text");
                writer.Text(text is null ? "thinking"u8 : "text"u8, said);
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
    }

    private void WriteCalls(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("tool_calls"u8);
        foreach (var (id, name, arguments) in calls)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, id);
            writer.WriteString("type"u8, "function"u8);
            writer.WriteStartObject("function"u8);
            writer.WriteString("name"u8, name);
            writer.Text("arguments"u8, arguments.Length == 0 ? new StringBuilder("{}") : arguments);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>The place of a call of that id that is told once more: the id names the call, whatever index it stands at.</summary>
    private int? ToldWithoutArguments(string? id) =>
        id is not null && calls.FindIndex(call => call.Id == id && call.Arguments.Length == 0) is >= 0 and var at ? at : null;

    private static StringBuilder? Append(StringBuilder? builder, string? piece) => piece is null ? builder : (builder ?? new StringBuilder()).Append(piece);
}
