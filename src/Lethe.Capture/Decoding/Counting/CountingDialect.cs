using System.Text.Json;
using Lethe.Capture.Decoding.Cohere;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Counting;

/// <summary>Calls whose answer is a count, vectors or a ranking and no reply, in the words of all who sell them.</summary>
internal sealed class CountingDialect : Dialect
{
    private static readonly EndpointRule[] Rules =
    [
        new("/messages/count_tokens", "count_tokens", Operation.CountTokens) { Vendor = "anthropic" },
        new("/count-tokens:rawPredict", "count_tokens", Operation.CountTokens) { Vendor = "anthropic" },
        new("/count-tokens", "count_tokens", Operation.CountTokens) { Within = "/model/", ModelBehind = "/model/", Vendor = "bedrock" },
        new("/responses/input_tokens", "responses_input_tokens", Operation.CountTokens),
        new("/embeddings", "embeddings", Operation.Embeddings),
        new("/embed", "embeddings", Operation.Embeddings),
        new("/rerank", "rerank", Operation.Rerank) { Vendor = "cohere" },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override Turn ReadRequest(Turn turn, in RequestView request) => turn;

    public override IReply OpenReply(in CallView call) => new Reply(call);

    private sealed class Reply(CallView call) : IReply
    {
        private Answer answer = Answer.None;

        /// <summary>A count is not a use.</summary>
        public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
        {
            var error = WireError.Inside(json, "body");
            answer = Read(json) with { Error = error, Complete = error is null };
        }

        public Answer Finish(ReplyEnd end) => answer;

        private Answer Read(JsonElement json) => new()
        {
            Model = json.Word("model"u8),
            Id = json.Word("id"u8),
            Usage = call.Endpoint.Operation == Operation.CountTokens ? null
                : json.ObjectMember("meta"u8) is { } meta ? CohereUsage.Read(meta)
                : ChatUsage.Find(json, call.Vendor, null, final: true),
        };
    }
}
