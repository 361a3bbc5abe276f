using System.Text.Json;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>A kind of file that holds somebody's record of model calls.</summary>
/// <param name="Name">As <c>--format</c> takes it.</param>
internal sealed record ImportFormat(string Name, Func<string, TimeProvider, CancellationToken, IAsyncEnumerable<ImportItem>> Read)
{
    private const int LookBytes = 1024 * 1024;
    private const int LookLines = 50;

    private static readonly string[] Endings = [".jsonl", ".ndjson", ".json", ".har", ".flow", ".flows", ".mitm"];

    public static ImportFormat ClaudeCode { get; } = new("claude-code", ClaudeTranscript.ReadAsync);

    public static ImportFormat Codex { get; } = new("codex", (path, _, cancel) => CodexTranscript.ReadAsync(path, cancel));

    public static ImportFormat Lethe { get; } = new("lethe", (path, _, cancel) => IngestLines.ReadAsync(path, cancel));

    public static ImportFormat Tapes { get; } = new("tapes", (path, _, cancel) => IngestLines.ReadAsync(path, cancel));

    public static ImportFormat Har { get; } = new("har", (path, _, cancel) => HarFile.ReadAsync(path, cancel));

    public static ImportFormat Mitmproxy { get; } = new("mitmproxy", (path, _, cancel) => FlowFile.ReadAsync(path, cancel));

    public static IReadOnlyList<ImportFormat> All { get; } = [ClaudeCode, Codex, Lethe, Tapes, Har, Mitmproxy];

    /// <summary>The files of a folder whose names may be those of such files; links are not followed. The oldest first: what a later one copies of it is known then.</summary>
    public static IEnumerable<string> FilesIn(string folder) =>
        new DirectoryInfo(folder)
            .EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(file => Endings.Contains(file.Extension, StringComparer.OrdinalIgnoreCase))
            .OrderBy(file => file.LastWriteTimeUtc)
            .ThenBy(file => file.FullName, StringComparer.Ordinal)
            .Select(file => file.FullName);

    /// <summary>What a file is by its beginning; null where that tells nothing.</summary>
    public static ImportFormat? Sniff(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var beginning = new byte[(int)Math.Min(LookBytes, file.Length)];
        file.ReadExactly(beginning);
        var text = beginning.AsMemory();
        text = text.Span.StartsWith("\uFEFF"u8) ? text[3..] : text;
        return FlowFile.IsBeginning(text.Span) ? Mitmproxy : HarFile.IsBeginning(text.Span) ? Har : OfLines(text);
    }

    private static ImportFormat? OfLines(ReadOnlyMemory<byte> text)
    {
        for (var i = 0; i < LookLines && !text.IsEmpty; i++)
        {
            var end = text.Span.IndexOf((byte)'\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            using var document = Fields.Parse(line);
            if (document?.RootElement is { } said && OfLine(said) is { } format)
            {
                return format;
            }
        }

        return null;
    }

    private static ImportFormat? OfLine(JsonElement line) =>
        ClaudeTranscript.Is(line) ? ClaudeCode
        : CodexTranscript.Is(line) ? Codex
        : TurnEventLine.Is(line) ? Lethe
        : line.Field("request") is not null && line.Field("provider") is not null ? Tapes
        : null;
}
