using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>The language of an API's bodies. One folder a dialect, and one entry in <c>Dialects.All</c>.</summary>
internal abstract class Dialect
{
    /// <summary>A sign that other dialects may have too.</summary>
    protected const int Hint = 1;

    /// <summary>A sign of the request that no other dialect has.</summary>
    protected const int Sign = 2;

    /// <summary>The answer names itself.</summary>
    protected const int Proof = 4;

    /// <summary>Its own: what one dialect made of a message says nothing of what another would.</summary>
    public string Name => GetType().Name;

    /// <summary>The calls that are spoken in it.</summary>
    public abstract ReadOnlySpan<EndpointRule> Endpoints { get; }

    /// <summary>Whose API it is, where nobody says who answered.</summary>
    public virtual string Vendor => "openai";

    /// <summary>The member of a request that holds what was said before, one message an element; empty when there is none.</summary>
    public virtual string History => "";

    /// <summary>Where the path says nothing, headers, request and answer vote: how much speaks for this dialect, and the call that it would be.</summary>
    /// <param name="answer">The first thing the response said, when that is JSON.</param>
    public virtual (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer) => (0, "");

    /// <summary>The calls that are made in it by messages inside a WebSocket; null where none are.</summary>
    public virtual SocketRule? Socket => null;

    /// <summary>The turn with what its request asks: the conversation so far, the system prompt, the tools.</summary>
    public abstract Turn ReadRequest(Turn turn, in RequestView request);

    /// <summary>The model that a request names which is no JSON; null when it names none.</summary>
    public virtual string? ModelOf(ReadOnlySpan<byte> body) => null;

    /// <summary>What the frames of the response will be told to.</summary>
    public abstract IReply OpenReply(in CallView call);
}

/// <summary>A request that is to be read.</summary>
/// <param name="Source">What <paramref name="Body"/> was parsed from.</param>
internal readonly record struct RequestView(string Endpoint, JsonElement Body, ReadOnlyMemory<byte> Source, RepeatMemo? Memo);

/// <summary>A call whose response is to be read.</summary>
/// <param name="Headers">Those of the response.</param>
internal readonly record struct CallView(string Vendor, Endpoint Endpoint, IReadOnlyList<HeaderField> Headers);
