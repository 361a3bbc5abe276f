using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>What a tool was asked for, in one line: what it was to run, open or look for, where its arguments say so under a usual name; else all of them.</summary>
internal static class ToolBrief
{
    private static readonly string[] Fields = ["command", "cmd", "file_path", "filePath", "path", "pattern", "query", "url", "description", "prompt", "input"];

    /// <param name="arguments">JSON, or whatever the model wrote in its place.</param>
    public static string Of(string arguments) =>
        ToolArguments.Read(arguments, all => Fields.Select(field => JsonWord.Member(all, field) is { } value ? Words(value) : null).FirstOrDefault(words => words is { Length: > 0 })) ?? arguments;

    /// <summary>What an edit takes away and puts in its place; null where the arguments are no edit's.</summary>
    public static (string Before, string Now)? Edit(string arguments) => ToolArguments.Read<(string Before, string Now)?>(
        arguments,
        all => Text(all, "old_string", "oldString") is { } before && Text(all, "new_string", "newString") is { } now ? (before, now) : null);

    private static string? Text(JsonElement of, string name, string other) =>
        (JsonWord.Member(of, name) ?? JsonWord.Member(of, other)) is { ValueKind: JsonValueKind.String } value ? JsonWord.Text(value) : null;

    private static string? Words(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonWord.Text(value),
        JsonValueKind.Array when value.EnumerateArray().All(word => word.ValueKind == JsonValueKind.String) => string.Join(' ', value.EnumerateArray().Select(JsonWord.Text)),
        _ => null,
    };
}
