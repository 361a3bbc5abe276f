using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Media;

/// <summary>Speech, pictures, scanned pages and judgements on content: of their bodies, which may be anything, the model and the usage alone are read.</summary>
internal sealed class MediaDialect : Dialect
{
    private const string Ocr = "ocr";

    private static readonly EndpointRule[] Rules =
    [
        Rule("/audio/speech", "audio_speech"),
        Rule("/audio/transcriptions", "audio_transcriptions"),
        Rule("/audio/translations", "audio_translations"),
        Rule("/images/generations", "images"),
        Rule("/images/edits", "images"),
        Rule("/images/variations", "images"),
        Rule("/moderations", "moderations"),
        Rule("/ocr", Ocr),
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    /// <summary>Scanned pages alone are known by their bodies.</summary>
    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer) =>
        (answer?.Member("usage_info"u8) is not null && answer?.Member("pages"u8) is not null ? Proof : 0, Ocr);

    public override Turn ReadRequest(Turn turn, in RequestView request) => turn;

    public override string? ModelOf(ReadOnlySpan<byte> body) => FormField.Find(body, "model"u8);

    public override IReply OpenReply(in CallView call) => new MediaReply(call.Vendor);

    private static EndpointRule Rule(string suffix, string name) => new(suffix, name, Operation.Other) { IsOpaque = true };
}
