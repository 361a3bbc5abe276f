using Lethe.Capture.Decoding.Gemini;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.GeminiLive;

/// <summary>Gemini Live (<c>BidiGenerateContent</c>), of the Gemini API and of Vertex AI. It is spoken inside WebSockets only.</summary>
internal sealed class LiveDialect : Dialect
{
    public override ReadOnlySpan<EndpointRule> Endpoints => [];

    public override string Vendor => "gemini";

    public override SocketRule Socket { get; } = new("BidiGenerateContent", EndpointNames.Live, static () => new LiveSocket()) { Variant = "Constrained" };

    /// <summary>Reads what <see cref="LiveSocket"/> wrote, which has the shape of a generateContent request.</summary>
    public override Turn ReadRequest(Turn turn, in RequestView request) =>
        GeminiRequest.Read(turn, request.Body, request.Source, request.Memo) with { ModelRequested = GeminiModels.Plain(turn.ModelRequested) };

    public override IReply OpenReply(in CallView call) => new LiveReply();
}
