using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIResponses;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIRealtime;

/// <summary>The Realtime API of OpenAI, Azure and xAI. It is spoken inside WebSockets only.</summary>
internal sealed class RealtimeDialect : Dialect
{
    public override ReadOnlySpan<EndpointRule> Endpoints => [];

    public override SocketRule Socket { get; } = new("/realtime", EndpointNames.Realtime, static () => new RealtimeSocket());

    /// <summary>Reads what <see cref="RealtimeSocket"/> wrote: the items since the last answer, under the session's instructions and tools.</summary>
    public override Turn ReadRequest(Turn turn, in RequestView request)
    {
        List<Message> prompt = [];
        foreach (var item in request.Body.Items("input"u8))
        {
            var spoken = RealtimeItems.WithWords(item);
            using var read = JsonDocument.Parse(spoken);
            prompt.Add(ResponseItems.ReadItem(read.RootElement, spoken));
        }

        var instructions = ContentJson.Write(request.Body.Member("instructions"u8), request.Source, request.Memo);
        var tools = ContentJson.Write(request.Body.Member("tools"u8), request.Source, request.Memo);
        return turn with
        {
            Prompt = prompt,
            System = instructions?.Json,
            SystemSha256 = instructions?.Sha256,
            Tools = tools?.Json,
            ToolsSha256 = tools?.Sha256,
        };
    }

    public override IReply OpenReply(in CallView call) => new RealtimeReply(call.Vendor);
}
