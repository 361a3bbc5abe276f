using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>
/// Tool calls told in pieces. A piece belongs to the call of its id; without one, to the call of its <c>index</c>, and a piece
/// with neither to the last call.
/// </summary>
internal sealed class StreamedToolCalls
{
    private readonly List<Call> calls = [];
    private readonly Dictionary<long, Call> byIndex = [];
    private readonly Dictionary<string, Call> byId = new(StringComparer.Ordinal);

    public bool IsEmpty => calls.Count == 0;

    public void Add(JsonElement piece)
    {
        var custom = piece.ObjectMember("custom"u8);
        var body = custom ?? piece.ObjectMember("function"u8);
        var isStart = body?.Word("name"u8) is not null;
        var call = Find(piece.Count("index"u8), piece.Word("id"u8), isStart, isStart && Arguments(body) is not null);
        call.Id ??= piece.Word("id"u8);
        call.IsCustom |= custom is not null;
        AddBody(call, body);
    }

    /// <summary>The older form: one function call, without an id.</summary>
    public void AddFunctionCall(JsonElement function)
    {
        if (function.Word("name"u8) is not null || function.Text("arguments"u8) is { Length: > 0 })
        {
            AddBody(Find(0, null, isStart: false, isWhole: false), function);
        }
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("tool_calls"u8);
        foreach (var call in calls)
        {
            writer.WriteStartObject();
            if (call.Id is not null)
            {
                writer.WriteString("id"u8, call.Id);
            }

            writer.WriteString("type"u8, call.IsCustom ? "custom"u8 : "function"u8);
            writer.WriteStartObject(call.IsCustom ? "custom"u8 : "function"u8);
            writer.WriteString("name"u8, call.Name ?? "");
            writer.Text(call.IsCustom ? "input"u8 : "arguments"u8, call.Arguments);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void AddBody(Call call, JsonElement? body)
    {
        // Some servers repeat the name in every piece.
        call.Name ??= body?.Word("name"u8);
        call.Append(Arguments(body));
    }

    private static string? Arguments(JsonElement? body)
    {
        var arguments = body?.Member("arguments"u8) ?? body?.Member("input"u8);
        var text = arguments is { ValueKind: JsonValueKind.Object } whole ? whole.GetRawText() : arguments.Text();
        return text is "" ? null : text;
    }

    private Call Find(long? index, string? id, bool isStart, bool isWhole)
    {
        // The id names the call, whatever index it stands at.
        if (id is not null && byId.TryGetValue(id, out var named) && !(isWhole && named.IsWhole))
        {
            return index is { } stands ? byIndex[stands] = named : named;
        }

        var known = index is { } at ? byIndex.GetValueOrDefault(at) : id is null ? calls.LastOrDefault() : null;

        // A whole call that reuses the index of another one is a new call: some servers send index 0 for all, or no index and no id. So is a piece that names another id.
        var isAnother = id is null ? isWhole && known?.IsWhole == true : known?.Id is not null && (isStart || known.IsWhole);
        if (known is null || isAnother)
        {
            known = new Call();
            calls.Add(known);
        }

        if (index is { } place)
        {
            byIndex[place] = known;
        }

        if (id is not null)
        {
            byId[id] = known;
        }

        return known;
    }

    private sealed class Call
    {
        private JsonNesting nesting;

        public string? Id { get; set; }

        public string? Name { get; set; }

        public bool IsCustom { get; set; }

        public StringBuilder Arguments { get; } = new();

        /// <summary>True when nothing can be added to its arguments.</summary>
        public bool IsWhole => nesting.IsClosedObject;

        public void Append(string? piece)
        {
            nesting.Read(piece);
            Arguments.Append(piece);
        }
    }
}
