namespace Lethe.Proxy.Reading;

/// <summary>What went when a session was forgotten: sessions with their sub-agents, exchanges, messages, the bytes of bodies as they were on the wire, and exchanges on damaged lines of the journal, whose words could not be found.</summary>
internal sealed record ForgottenDocument(string SessionId, long Sessions, long Exchanges, long Messages, long Bytes, long Unread);
