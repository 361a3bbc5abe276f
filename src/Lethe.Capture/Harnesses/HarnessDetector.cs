using System.Text.Json;
using Lethe.Capture.Chains;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Harnesses;

/// <summary>Who is talking: explicit headers, then the harness's own headers and fields, then those of gateways, then inference.</summary>
public static class HarnessDetector
{
    /// <summary>Never throws for what a wire can carry; what is not clean is not believed.</summary>
    /// <param name="requestJson">The request body, content codings undone; null when it is not JSON.</param>
    /// <param name="turn">What was said, as far as it was decoded.</param>
    /// <param name="chain">The turn's nodes, from which a session id is made when nobody names one.</param>
    public static SessionEnvelope Detect(CapturedExchange exchange, JsonElement? requestJson, Turn? turn, Chain? chain)
    {
        var wire = new WireEvidence(exchange, requestJson);
        var draft = new EnvelopeDraft();
        ExplicitHeaders.Read(wire, draft);
        if (turn is { Operation: Operation.CountTokens })
        {
            // The harness tells what it counts for; counting is no part of that conversation.
            draft.Kind(new Clue(RequestKinds.CountTokens, "inference:endpoint"));
        }

        if (HarnessVote.Of(wire) is var (harness, mark))
        {
            draft.Harness(new Clue(harness.Id, mark.Source));
            harness.Read(wire, draft);
            draft.WorkingDirectory(WorkingDirectory.Of(wire));
        }
        else
        {
            SdkUserAgent.Read(wire, draft);
        }

        GenericHeaders.Read(wire, draft);
        if (turn is { MakesResponse: true })
        {
            // The Conversations API: what is said stands on the vendor's side, under this id.
            draft.Session(wire.Body("conversation") ?? wire.Body("conversation.id"));
        }
        else if (turn is { IsInConversation: true } && exchange.Attributes.GetValueOrDefault(CapturedExchange.ConnectionAttribute) is { } connection)
        {
            // What is said stands on the vendor's side, for as long as the connection lasts.
            draft.Session(new Clue(connection, "inference:connection"));
        }

        draft.Session(SyntheticSession.Of(turn, chain, exchange.CredentialFingerprint), SessionIdOrigin.Synthetic);
        return draft.Finish(wire.UserAgent);
    }
}
