using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>One output item of a stream: whole once it is done, before that what the deltas have told.</summary>
internal sealed class StreamedItem
{
    private readonly SortedDictionary<long, StringBuilder> texts = [];
    private readonly SortedDictionary<long, StringBuilder> summaries = [];
    private readonly StringBuilder arguments = new();
    private readonly SortedDictionary<long, StringBuilder> commands = [];
    private readonly StringBuilder refusal = new();
    private readonly StringBuilder code = new();
    private readonly StringBuilder diff = new();
    private byte[]? added;
    private byte[]? done;
    private bool startsWithArguments;
    private bool thinks;

    /// <summary>True once its beginning came, or its end: what begins at its index then is another item.</summary>
    public bool IsBegun => added is not null || done is not null;

    /// <summary>The id of the tool call that it is; else null.</summary>
    public string? Call { get; private set; }

    public bool HasArguments => arguments.Length > 0 || startsWithArguments;

    public void Start(JsonElement item)
    {
        Ask(item);
        added = JsonMarshal.GetRawUtf8Value(item).ToArray();
    }

    /// <summary>True once it was told whole.</summary>
    public bool IsDone => done is not null;

    /// <summary>Its id, where it is done and has one.</summary>
    public string? DoneId { get; private set; }

    public void Finish(JsonElement item)
    {
        Ask(item);
        DoneId = item.Word("id"u8);
        done = JsonMarshal.GetRawUtf8Value(item).ToArray();
    }

    public void AddText(JsonElement data) => Append(texts, data, "content_index"u8);

    public void AddThought(JsonElement data)
    {
        thinks = true;
        AddText(data);
    }

    /// <summary>A text told whole, by a server that told no pieces of it.</summary>
    public void AddWhole(JsonElement data)
    {
        var index = data.Count("content_index"u8) ?? 0;
        if (!texts.ContainsKey(index) && data.Text("text"u8) is { Length: > 0 } text)
        {
            texts[index] = new StringBuilder(text);
        }
    }

    public void AddSummary(JsonElement data) => Append(summaries, data, "summary_index"u8);

    public void AddArguments(JsonElement data) => arguments.Append(data.Text("delta"u8));

    public void AddRefusal(JsonElement data) => refusal.Append(data.Text("delta"u8));

    public void AddCode(JsonElement data) => code.Append(data.Text("delta"u8));

    public void AddDiff(JsonElement data) => diff.Append(data.Text("delta"u8));

    public void AddCommand(JsonElement data) => Append(commands, data, "command_index"u8);

    /// <summary>The item as JSON; null when nothing of it came.</summary>
    public byte[]? ToJson() => done ?? (added is null && IsSilent ? null : Write());

    private void Ask(JsonElement item)
    {
        Call = item.Word("call_id"u8) ?? Call;
        startsWithArguments |= item.Text("arguments"u8) is not (null or "" or "{}") || item.Text("input"u8) is { Length: > 0 };
    }

    private bool IsSilent =>
        texts.Count == 0 && summaries.Count == 0 && commands.Count == 0 && arguments.Length == 0 && refusal.Length == 0 && code.Length == 0 && diff.Length == 0;

    private byte[] Write()
    {
        using var begun = added is null ? null : JsonReading.TryParse(added);
        var item = begun?.RootElement ?? default;
        return RawMessage.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in item.ValueKind == JsonValueKind.Object ? item.EnumerateObject() : default)
            {
                if (!IsTold(member.Name))
                {
                    writer.WritePropertyName(member.Name);
                    writer.Raw(member.Value);
                }
            }

            WriteTold(writer, item);
            writer.WriteEndObject();
        });
    }

    private bool IsTold(string member) => member switch
    {
        "content" => texts.Count > 0 || refusal.Length > 0,
        "summary" => summaries.Count > 0,
        "arguments" or "input" => arguments.Length > 0,
        "code" => code.Length > 0,
        "operation" => diff.Length > 0,
        "action" => commands.Count > 0,
        _ => false,
    };

    private void WriteTold(Utf8JsonWriter writer, JsonElement item)
    {
        var type = item.Text("type"u8);
        if (type is null)
        {
            writer.WriteString("type"u8, Type);
            writer.WriteString("role"u8, "assistant"u8);
        }

        if (texts.Count > 0 || refusal.Length > 0)
        {
            WriteTexts(writer, "content"u8, (type ?? Type) == "reasoning" ? "reasoning_text" : "output_text", texts, refusal);
        }

        if (summaries.Count > 0)
        {
            WriteTexts(writer, "summary"u8, "summary_text", summaries, null);
        }

        if (arguments.Length > 0)
        {
            writer.Text(type == "custom_tool_call" ? "input"u8 : "arguments"u8, arguments);
        }

        WriteWork(writer, item);
    }

    /// <summary>The kind of an item whose beginning did not come, by what was told of it.</summary>
    private string Type => arguments.Length > 0 ? "function_call"
        : summaries.Count > 0 || thinks ? "reasoning"
        : code.Length > 0 ? "code_interpreter_call"
        : diff.Length > 0 ? "apply_patch_call"
        : commands.Count > 0 ? "shell_call"
        : "message";

    /// <summary>Code, patches and commands so far.</summary>
    private void WriteWork(Utf8JsonWriter writer, JsonElement item)
    {
        if (code.Length > 0)
        {
            writer.Text("code"u8, code);
        }

        if (diff.Length > 0)
        {
            writer.WriteStartObject("operation"u8);
            WriteOthers(writer, item.ObjectMember("operation"u8), "diff");
            writer.Text("diff"u8, diff);
            writer.WriteEndObject();
        }

        if (commands.Count > 0)
        {
            writer.WriteStartObject("action"u8);
            WriteOthers(writer, item.ObjectMember("action"u8), "commands");
            writer.WriteStartArray("commands"u8);
            foreach (var command in commands.Values)
            {
                writer.WriteStringValue(command.ToString());
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }
    }

    private static void WriteOthers(Utf8JsonWriter writer, JsonElement? begun, string told)
    {
        foreach (var member in begun?.EnumerateObject() ?? default)
        {
            if (member.Name != told)
            {
                writer.WritePropertyName(member.Name);
                writer.Raw(member.Value);
            }
        }
    }

    private static void WriteTexts(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string type, SortedDictionary<long, StringBuilder> parts, StringBuilder? refusal)
    {
        writer.WriteStartArray(name);
        foreach (var text in parts.Values)
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, type);
            writer.Text("text"u8, text);
            writer.WriteEndObject();
        }

        if (refusal is { Length: > 0 })
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "refusal"u8);
            writer.Text("refusal"u8, refusal);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Append(SortedDictionary<long, StringBuilder> parts, JsonElement data, ReadOnlySpan<byte> index)
    {
        var at = data.Count(index) ?? 0;
        if (!parts.TryGetValue(at, out var text))
        {
            parts[at] = text = new StringBuilder();
        }

        text.Append(data.Text("delta"u8));
    }
}
