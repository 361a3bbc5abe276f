namespace Lethe.Proxy.Reading;

/// <summary>What went when a session was forgotten: sessions with their sub-agents, exchanges, messages, and the bytes of bodies as they were on the wire.</summary>
internal sealed record ForgottenDocument(string SessionId, long Sessions, long Exchanges, long Messages, long Bytes);
