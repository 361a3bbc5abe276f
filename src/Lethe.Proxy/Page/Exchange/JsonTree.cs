using System.Text;
using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Captured;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace Lethe.Proxy.Page.Exchange;

/// <summary>
/// JSON as folds: open at the top, as far as three levels go; what lies deeper is text in its fold. No more of it is drawn than a page can hold; what is
/// left off is said, for the download has it.
/// </summary>
public sealed class JsonTree : ComponentBase
{
    private const int DepthMax = 3;
    private const int ChildrenMax = 200;
    private const int StringCharactersMax = 20_000;
    private const int AllCharactersMax = 256 * 1024;

    /// <summary>A longer string of nothing else is no text, but a picture or a sound.</summary>
    private const int Base64CharactersMin = 512;

    private const int LineMax = 120;

    private int shown;

    [Parameter, EditorRequired]
    public JsonElement Json { get; set; }

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        shown = 0;
        builder.OpenElement(0, "div");
        builder.AddAttribute(1, "class", "jt body");
        Children(builder, Json, 0);
        builder.CloseElement();
    }

    private void Children(RenderTreeBuilder builder, JsonElement of, int depth)
    {
        var at = 0;
        foreach (var (name, value) in Members(of))
        {
            if (at++ == ChildrenMax || shown > AllCharactersMax)
            {
                Element(builder, "p", "leaf dim", () => builder.AddContent(0, $"{Figure.Exact(Count(of) - at + 1)} more; the download has them."));
                return;
            }

            Value(builder, name, value, depth);
        }
    }

    private void Value(RenderTreeBuilder builder, string name, JsonElement value, int depth)
    {
        if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array) || Count(value) == 0)
        {
            Element(builder, "div", "leaf", () =>
            {
                Element(builder, "span", "k", () => Plain(builder, name + ": "));
                Plain(builder, Leaf(value));
            });
            Held(builder, value);
            return;
        }

        builder.OpenElement(0, "details");
        builder.AddAttribute(1, "open", depth == 0 && Count(value) <= ChildrenMax && name is not "tools");
        Element(builder, "summary", null, () => Head(builder, name, value));
        if (depth + 1 < DepthMax)
        {
            Children(builder, value, depth + 1);
        }
        else
        {
            Element(builder, "pre", null, () => Plain(builder, Cut(Laid(value))));
        }

        builder.CloseElement();
    }

    // Arguments of tools are JSON in a string: laid out in a fold of its own.
    private void Held(RenderTreeBuilder builder, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String || JsonWord.Text(value) is not { Length: > 2 and <= StringCharactersMax } text || text.TrimStart() is not ['{' or '[', ..])
        {
            return;
        }

        try
        {
            using var held = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 1000 });
            var laid = Cut(Laid(held.RootElement));
            Element(builder, "details", null, () =>
            {
                Element(builder, "summary", null, () => builder.AddContent(0, "show as JSON"));
                Element(builder, "pre", null, () => Plain(builder, laid));
            });
        }
        catch (JsonException)
        {
            // It only begins like it.
        }
    }

    // Enough to know it by: its size, what it is called, and whether it asks for a cache.
    private static void Head(RenderTreeBuilder builder, string name, JsonElement value)
    {
        Element(builder, "b", null, () => Plain(builder, name));
        builder.AddContent(0, $" ({Figure.Exact(Count(value))}) ");
        var words = value.ValueKind == JsonValueKind.Object ? string.Join(" · ", Named(value)) : "";
        Element(builder, "span", "dim", () => Plain(builder, Terminal.Format.OneLine(words, LineMax)));
        if (Mark(value) is { } mark)
        {
            Element(builder, "span", "mk", () => Plain(builder, $" ◆ cache mark, {mark}"));
        }
    }

    private static IEnumerable<string> Named(JsonElement value)
    {
        foreach (var field in (string[])["role", "type", "name", "id"])
        {
            if (JsonWord.Member(value, field) is { ValueKind: JsonValueKind.String } word)
            {
                yield return JsonWord.Text(word);
            }
        }

        if ((JsonWord.Member(value, "text") ?? JsonWord.Member(value, "content")) is { ValueKind: JsonValueKind.String } text)
        {
            var said = JsonWord.Text(text);
            yield return said.Length > LineMax ? said[..LineMax] : said;
        }
    }

    private static string? Mark(JsonElement value)
    {
        if (JsonWord.Member(value, "cache_control") is { ValueKind: JsonValueKind.Object } mark)
        {
            return JsonWord.Member(mark, "ttl") is { ValueKind: JsonValueKind.String } ttl ? JsonWord.Text(ttl) : "5m";
        }

        return JsonWord.Member(value, "content") is { ValueKind: JsonValueKind.Array } blocks ? blocks.EnumerateArray().Select(Mark).LastOrDefault(found => found is not null) : null;
    }

    private static IEnumerable<(string Name, JsonElement Value)> Members(JsonElement of) => of.ValueKind == JsonValueKind.Object
        ? of.EnumerateObject().Select(member => (NameOf(member), member.Value))
        : of.EnumerateArray().Select((element, at) => ((at + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), element));

    // A name may hold half a character, which .NET does not read.
    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return "(a name that is no text)";
        }
    }

    private static int Count(JsonElement of) => of.ValueKind switch
    {
        JsonValueKind.Object => of.GetPropertyCount(),
        JsonValueKind.Array => of.GetArrayLength(),
        _ => 0,
    };

    private string Leaf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return Cut(value.GetRawText());
        }

        var text = JsonWord.Text(value);
        return IsBase64(text) ? $"base64, {Figure.Bytes((text.Length - text.IndexOf(',', StringComparison.Ordinal) - 1) * 3L / 4)}" : Cut(text);
    }

    private static bool IsBase64(string text) => text.Length >= Base64CharactersMin
        && !text.AsSpan(text.StartsWith("data:", StringComparison.Ordinal) ? text.IndexOf(',', StringComparison.Ordinal) + 1 : 0).ContainsAnyExcept(Base64Characters)
        && text.AsSpan(0, Math.Min(text.Length, 4096)).ContainsAny(Base64Signs);

    private static readonly System.Buffers.SearchValues<char> Base64Characters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_");
    private static readonly System.Buffers.SearchValues<char> Base64Signs = System.Buffers.SearchValues.Create("0123456789");

    private static string Laid(JsonElement value)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 }))
        {
            try
            {
                value.WriteTo(writer);
            }
            catch (InvalidOperationException)
            {
                // It holds half a character, which .NET does not write.
                return value.GetRawText();
            }
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private string Cut(string text)
    {
        var room = Math.Min(StringCharactersMax, Math.Max(0, AllCharactersMax - shown));
        shown += Math.Min(text.Length, room);
        return text.Length <= room ? text : $"{text[..room]} … and {Figure.Exact(text.Length - room)} more characters; the download has them.";
    }

    private static void Plain(RenderTreeBuilder builder, string text)
    {
        builder.OpenComponent<CapturedText>(0);
        builder.AddComponentParameter(1, nameof(CapturedText.Text), text);
        builder.CloseComponent();
    }

    private static void Element(RenderTreeBuilder builder, string name, string? kind, Action content)
    {
        builder.OpenElement(0, name);
        if (kind is not null)
        {
            builder.AddAttribute(1, "class", kind);
        }

        content();
        builder.CloseElement();
    }
}
