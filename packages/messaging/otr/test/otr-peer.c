/*
 * A side of an OTR conversation on libotr, for tests. It reads a line for each thing to do, and writes a line for each thing
 * that happened, then "done". Octets travel as text without line ends: OTR's own messages have none.
 *
 *   start            sends a query
 *   receive TEXT     takes what came
 *   send TEXT        encrypts a text
 *   ask SECRET       begins the comparison of a secret
 *   answer SECRET    answers it
 *
 *   fingerprint HEX, out TEXT, text TEXT, secure HEX, smp asked|same|different|failed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gcrypt.h>
#include <libotr/proto.h>
#include <libotr/instag.h>
#include <libotr/message.h>
#include <libotr/privkey.h>

static const char *const account = "libotr";
static const char *const network = "test";
static const char *const peer = "coffer";
static OtrlUserState state;

static OtrlPolicy policy(void *data, ConnContext *context) {
  return OTRL_POLICY_ALLOW_V3 | OTRL_POLICY_REQUIRE_ENCRYPTION;
}

static int is_logged_in(void *data, const char *name, const char *protocol, const char *recipient) { return 1; }

static void inject(void *data, const char *name, const char *protocol, const char *recipient, const char *message) {
  /* A query is followed by a text for people, on more lines. */
  printf("out %.*s\n", (int)strcspn(message, "\n"), message);
}

static void nothing(void *data) {}

static void new_fingerprint(void *data, OtrlUserState us, const char *name, const char *protocol, const char *user,
                            unsigned char fingerprint[20]) {}

static void print_fingerprint(const char *what, const unsigned char *octets) {
  printf("%s ", what);
  for (int at = 0; at < 20; at++) printf("%02x", octets[at]);
  printf("\n");
}

static void gone_secure(void *data, ConnContext *context) {
  print_fingerprint("secure", context->active_fingerprint->fingerprint);
}

static void insecure(void *data, ConnContext *context) { printf("insecure\n"); }

static void still_secure(void *data, ConnContext *context, int is_reply) {
  print_fingerprint("secure", context->active_fingerprint->fingerprint);
}

static void smp_event(void *data, OtrlSMPEvent event, ConnContext *context, unsigned short percent, char *question) {
  switch (event) {
    case OTRL_SMPEVENT_ASK_FOR_ANSWER:
    case OTRL_SMPEVENT_ASK_FOR_SECRET:
      printf("smp asked\n");
      break;
    case OTRL_SMPEVENT_SUCCESS:
      printf("smp same\n");
      break;
    case OTRL_SMPEVENT_FAILURE:
      printf("smp different\n");
      break;
    case OTRL_SMPEVENT_ERROR:
    case OTRL_SMPEVENT_ABORT:
    case OTRL_SMPEVENT_CHEATED:
      printf("smp failed\n");
      otrl_message_abort_smp(state, data, NULL, context);
      break;
    default:
      break;
  }
}

static void message_event(void *data, OtrlMessageEvent event, ConnContext *context, const char *message, gcry_error_t error) {
  if (event != OTRL_MSGEVENT_LOG_HEARTBEAT_RCVD && event != OTRL_MSGEVENT_LOG_HEARTBEAT_SENT) {
    printf("event %d\n", (int)event);
  }
}

static const OtrlMessageAppOps operations = {
    .policy = policy,
    .is_logged_in = is_logged_in,
    .inject_message = inject,
    .update_context_list = nothing,
    .new_fingerprint = new_fingerprint,
    .write_fingerprints = nothing,
    .gone_secure = gone_secure,
    .gone_insecure = insecure,
    .still_secure = still_secure,
    .handle_smp_event = smp_event,
    .handle_msg_event = message_event,
};

static ConnContext *context_of_peer(void) {
  return otrl_context_find(state, peer, account, network, OTRL_INSTAG_RECENT_RECEIVED, 0, NULL, NULL, NULL);
}

static void receive(const char *text) {
  char *plain = NULL;
  OtrlTLV *tlvs = NULL;
  int is_internal = otrl_message_receiving(state, &operations, NULL, account, network, peer, text, &plain, &tlvs, NULL,
                                           NULL, NULL);
  if (!is_internal && plain != NULL) printf("text %s\n", plain);
  otrl_message_free(plain);
  otrl_tlv_free(tlvs);
}

static void send_text(const char *text) {
  char *message = NULL;
  gcry_error_t error = otrl_message_sending(state, &operations, NULL, account, network, peer, OTRL_INSTAG_RECENT_RECEIVED, text,
                                            NULL, &message, OTRL_FRAGMENT_SEND_SKIP, NULL, NULL, NULL);
  if (!error && message != NULL) printf("out %.*s\n", (int)strcspn(message, "\n"), message);
  otrl_message_free(message);
}

int main(int count, char **arguments) {
  static char line[1 << 20];
  unsigned char fingerprint[20];
  if (count != 2) return 2;
  OTRL_INIT;
  state = otrl_userstate_create();
  if (otrl_privkey_generate(state, arguments[1], account, network)) return 1;
  if (otrl_instag_generate(state, "/dev/null", account, network)) return 1;
  if (!otrl_privkey_fingerprint_raw(state, fingerprint, account, network)) return 1;
  print_fingerprint("fingerprint", fingerprint);
  printf("done\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *value = strchr(line, ' ');
    value = value == NULL ? "" : value + 1;
    size_t length = strlen(value);
    if (strncmp(line, "start", 5) == 0) printf("out ?OTRv3?\n");
    else if (strncmp(line, "receive ", 8) == 0) receive(value);
    else if (strncmp(line, "send ", 5) == 0) send_text(value);
    else if (strncmp(line, "ask ", 4) == 0)
      otrl_message_initiate_smp(state, &operations, NULL, context_of_peer(), (const unsigned char *)value, length);
    else if (strncmp(line, "answer ", 7) == 0)
      otrl_message_respond_smp(state, &operations, NULL, context_of_peer(), (const unsigned char *)value, length);
    printf("done\n");
    fflush(stdout);
  }
  otrl_userstate_free(state);
  return 0;
}
