using System.Text.Json;
using System.Text.Json.Serialization;
using Lethe.Ingest.Journaling;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>The head of a journal's chain as a file keeps it, somewhere that who can change the journal cannot.</summary>
/// <param name="Lines">How many lines stand before it.</param>
/// <param name="Head">The last one's seal, 64 hex digits.</param>
internal sealed record AnchorDocument(Guid Journal, long Lines, long Segment, long Offset, string Head)
{
    public static AnchorDocument Of(JournalAnchor anchor) => new(anchor.Journal, anchor.At.Sequence - 1, anchor.At.Segment, anchor.At.Offset, anchor.Head);

    public string ToJson() => JsonSerializer.Serialize(this, AnchorJson.Default.AnchorDocument);

    /// <exception cref="CommandFailure">The file is not there, or holds no anchor.</exception>
    public static JournalAnchor Read(string file)
    {
        try
        {
            var read = JsonSerializer.Deserialize(File.ReadAllBytes(file), AnchorJson.Default.AnchorDocument)!;
            return new JournalAnchor(read.Journal, new JournalPosition(read.Journal, read.Segment, read.Offset, read.Lines + 1), read.Head);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
        catch (JsonException fault)
        {
            throw CommandFailure.Usage($"{file} holds no anchor of a journal: {fault.Message}");
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AnchorDocument))]
internal sealed partial class AnchorJson : JsonSerializerContext;
